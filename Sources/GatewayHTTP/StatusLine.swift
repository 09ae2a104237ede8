// Status lines of answers. The reason is for people; clients go by the number.
internal import NIOCore
internal import TransportAPI

enum StatusLine {
    static func write(_ status: Int, to out: inout ByteBuffer) {
        if status == 200 { return _ = out.writeStaticString("HTTP/1.1 200 OK\r\n") }
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(status)
        out.writeStaticString(" ")
        out.writeStaticString(reason(status))
        out.writeStaticString("\r\n")
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 202: "Accepted"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: status < 400 ? "OK" : "Error"
        }
    }
}

extension ByteBuffer {
    mutating func writeHexadecimal(_ number: Int) {
        let digits: StaticString = "0123456789abcdef"
        var shift = 60
        while shift > 0, number >> shift & 0xF == 0 { shift -= 4 }
        digits.withUTF8Buffer { table in
            while shift >= 0 {
                writeInteger(table[number >> shift & 0xF])
                shift -= 4
            }
        }
    }
}
