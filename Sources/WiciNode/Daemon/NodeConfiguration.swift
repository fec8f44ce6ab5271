// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What an institution's IT decides about its node: `node.yaml`, read strictly.

public import WiciCore
public import ZeroMQ

/// The configuration of a node.
public struct NodeConfiguration: Sendable, Hashable {
    /// Where the node's local API listens.
    public enum APIAddress: Sendable, Hashable {
        /// A unix socket; a relative path starts in the node's folder.
        case unixSocket(path: String)
        /// A port on 127.0.0.1; 0 lets the system choose.
        case loopback(port: Int)
    }

    /// The node's id in the registry.
    public var node: NodeID
    /// Where the hub's exchange listens, for example `tcp://hub.example:5570`.
    public var hubEndpoint: String
    /// The hub's CURVE public key.
    public var hubKey: CurvePublicKey
    /// Whose signatures the first registry needs.
    public var authority: AuthorityTrust
    /// Where the local API listens.
    public var api: APIAddress
    /// The store's file; a relative path starts in the node's folder.
    public var store: String
    /// Pseudonym in the header of what is sent from here, resolved by the institution alone.
    public var operatorPseudonym: String

    /// Makes a configuration.
    public init(
        node: NodeID,
        hubEndpoint: String,
        hubKey: CurvePublicKey,
        authority: AuthorityTrust,
        api: APIAddress = .unixSocket(path: "api.sock"),
        store: String = "node.sqlite",
        operatorPseudonym: String = "op-1"
    ) {
        self.node = node
        self.hubEndpoint = hubEndpoint
        self.hubKey = hubKey
        self.authority = authority
        self.api = api
        self.store = store
        self.operatorPseudonym = operatorPseudonym
    }

    /// Reads `node.yaml`; an unknown or missing key or a value of another form refuses the file.
    public init(text: String) throws(NodeError) {
        var reader = try ConfigurationReader(text: text)
        guard let node = NodeID(try reader.text("node")) else { throw reader.wrongForm("node") }
        var hub = try reader.section("hub")
        guard let key = CurvePublicKey(hexadecimal: try hub.text("key")) else {
            throw hub.wrongForm("key")
        }
        let endpoint = try hub.text("endpoint")
        guard Self.isEndpoint(endpoint) else {
            throw hub.wrongForm(
                "endpoint",
                Bilingual(
                    polish: "Wymagana postać: tcp://KOMPUTER:PORT, na przykład "
                        + "tcp://hub.example:5570.",
                    english: "The form is tcp://HOST:PORT, for example tcp://hub.example:5570."
                )
            )
        }
        try hub.finish()
        var authority = try reader.section("authority")
        let threshold = try authority.number("threshold", in: 1...16)
        var keys: [VerifierKey] = []
        for text in try authority.texts("keys", limit: 16) {
            guard let key = try? VerifierKey(text: text) else { throw authority.wrongForm("keys") }
            keys.append(key)
        }
        // More signatures than there are keys could never come together.
        guard threshold <= keys.count else { throw authority.wrongForm("threshold") }
        try authority.finish()
        var api = try reader.section("api")
        let address: APIAddress
        if api.has("socket") {
            address = .unixSocket(path: try api.text("socket"))
        } else {
            address = .loopback(port: try api.number("port", in: 0...65_535))
        }
        try api.finish()
        self.init(
            node: node,
            hubEndpoint: endpoint,
            hubKey: key,
            authority: AuthorityTrust(threshold: threshold, keys: keys),
            api: address,
            store: try reader.text("store"),
            operatorPseudonym: try reader.text("operator")
        )
        try reader.finish()
    }

    /// Whether a text names a host and a port to connect to over TCP.
    ///
    /// Only the form is looked at; any other would be refused at every attempt to connect.
    static func isEndpoint(_ text: String) -> Bool {
        let scheme = "tcp://"
        guard text.hasPrefix(scheme) else { return false }
        let address = text.dropFirst(scheme.count)
        guard let colon = address.lastIndex(of: ":") else { return false }
        let (host, port) = (address[..<colon], address[address.index(after: colon)...])
        let isHost = host.unicodeScalars.allSatisfy {
            (0x21...0x7E).contains($0.value) && !["*", "/"].contains($0)
        }
        guard !host.isEmpty, isHost, !port.hasPrefix("+") else { return false }
        return UInt16(port).map { $0 > 0 } == true
    }

    /// The configuration as `node.yaml`.
    public var text: String {
        let address =
            switch api {
            case .unixSocket(let path): "socket: \(quoted(path))"
            case .loopback(let port): "port: \(port)"
            }
        return """
            # A node of the Wici network. Change a value, then restart the node.
            node: \(quoted(node.text))
            operator: \(quoted(operatorPseudonym))
            hub:
              endpoint: \(quoted(hubEndpoint))
              key: "\(hubKey.hexadecimal)"
            authority:
              threshold: \(authority.threshold)
              keys:
            \(authority.keys.map { "    - \(quoted($0.text))" }.joined(separator: "\n"))
            api:
              \(address)
            store: \(quoted(store))

            """
    }
}

/// Reads one level of the file, each key once.
private struct ConfigurationReader {
    private var members: [PlainValue.Member]
    private let path: String

    init(text: String) throws(NodeError) {
        do throws(PlainValueError) {
            self.init(try PlainValue(yaml: text), path: "")
        } catch {
            throw NodeError(.configurationWrong, help: error.sentence)
        }
    }

    /// Anything but keys and values counts as no key at all.
    private init(_ value: PlainValue, path: String) {
        self.path = path
        if case .object(let members) = value { self.members = members } else { self.members = [] }
    }

    func has(_ key: String) -> Bool { members.contains { $0.name == key } }

    /// What is said where nothing more is known of the form.
    private static let missingOrWrong = Bilingual(
        polish: "Brak wartości albo ma inną postać niż wymagana.",
        english: "The value is missing or not of the required form."
    )

    func wrongForm(_ key: String, _ help: Bilingual = Self.missingOrWrong) -> NodeError {
        NodeError(.configurationWrong, field: path + key, help: help)
    }

    private mutating func take(_ key: String) throws(NodeError) -> PlainValue {
        guard let place = members.firstIndex(where: { $0.name == key }) else {
            throw wrongForm(key)
        }
        return members.remove(at: place).value
    }

    mutating func text(_ key: String) throws(NodeError) -> String {
        guard let text = try take(key).scalarText, !text.isEmpty, text.utf8.count <= 1024 else {
            throw wrongForm(key)
        }
        return text
    }

    mutating func number(_ key: String, in range: ClosedRange<Int>) throws(NodeError) -> Int {
        guard let number = Int(try text(key)), range.contains(number) else { throw wrongForm(key) }
        return number
    }

    mutating func texts(_ key: String, limit: Int) throws(NodeError) -> [String] {
        guard case .array(let items) = try take(key), (1...limit).contains(items.count) else {
            throw wrongForm(key)
        }
        let texts = items.compactMap(\.scalarText)
        guard texts.count == items.count else { throw wrongForm(key) }
        return texts
    }

    mutating func section(_ key: String) throws(NodeError) -> ConfigurationReader {
        ConfigurationReader(try take(key), path: "\(path)\(key).")
    }

    func finish() throws(NodeError) {
        guard let unknown = members.first else { return }
        throw NodeError(.documentKeyUnknown, field: path + unknown.name)
    }
}

extension PlainValue {
    /// The text of a scalar, quoted or not.
    fileprivate var scalarText: String? {
        switch self {
        case .string(let text), .unquoted(let text), .number(let text): text
        case .object, .array, .boolean, .null: nil
        }
    }
}
