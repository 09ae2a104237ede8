// Hands inputs of libFuzzer to a check and stops at the first violation. Every fuzz target is one call of this.
internal import CLibFuzzer
internal import Glibc

/// What this process checks; set once, before the driver starts.
nonisolated(unsafe) private var check: ([UInt8]) -> String? = { _ in nil }

/// Runs libFuzzer with the command line of the process until it ends.
///
/// - Parameter violation: says what is wrong with the result for an input; nil when all is well. A violation ends the
///   process, and libFuzzer writes the input to a file.
public func fuzz(_ violation: @escaping ([UInt8]) -> String?) -> Never {
    check = violation
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    let status = LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        let input = Array(UnsafeBufferPointer(start: start, count: size))
        if let violation = check(input) { fatalError("VIOLATION: \(violation)") }
        return 0
    }
    exit(status)
}
