// What the real servers of tests have in common: each is a child of the tests on a port of its own.
public import Foundation

/// A server that a test starts, stops, kills and pauses. Its calls may block for a moment.
public protocol ChildServer: Sendable {
    /// Its process and folder.
    var program: ServerProgram { get }
    /// On loopback; stays the same when it is started again.
    var port: Int { get }

    /// Starts it again on the same port, with what it had stored, and returns when it answers.
    func start() throws
    /// Throws away what it has stored. Only while it does not run.
    func eraseStore() throws
}

extension ChildServer {
    /// Ends it as an operator does, and returns when it has gone.
    public func stop() { program.stop() }

    /// Ends it as a crash does, and returns when it has gone.
    public func kill() { program.kill() }

    /// Stops its threads where they are, until ``resume()``. Its sockets stay open.
    public func pause() { program.pause() }

    public func resume() { program.resume() }

    /// Everything of this server; removed when it is let go.
    public var folder: URL { program.folder }
    /// Nil when it does not run.
    public var child: pid_t? { program.child }
    /// What it has written to its log.
    public var output: String { program.output }
}
