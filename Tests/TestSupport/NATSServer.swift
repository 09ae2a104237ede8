// A real nats-server of one test.
