// swift-tools-version: 6.2
// Wici: a message broker between institutions. Targets are layers; arrows point one way:
// wici -> Hub, Node; Hub -> Ledger -> Core; Hub, Node -> ZeroMQ, PrivateFiles. See CONTRIBUTING.md.
import PackageDescription

// Versions are pinned exactly because Package.resolved is not committed.
let package = Package(
    name: "wici",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "WiciCore", targets: ["WiciCore"]),
        .library(name: "WiciNode", targets: ["WiciNode"]),
        .executable(name: "wici", targets: ["wici"]),
        // For the harness alone: what it loads into the programs that it makes fail.
        .library(name: "FaultCalls", type: .dynamic, targets: ["FaultCalls"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"]),
        // Two things that Swift has no words for; Crypto for the BoringSSL that comes with it.
        .target(
            name: "Processor",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "WiciCore",
            dependencies: [
                "Processor",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Crypto", package: "swift-crypto"),
                "Yams",
            ],
            exclude: ["Documentation.docc"]
        ),
        // A VFS for SQLite in C: the stores' pages and logs are checked when they are read.
        .target(
            name: "CheckedPages",
            cSettings: [.define("_POSIX_C_SOURCE", to: "200809L")],
            linkerSettings: [.linkedLibrary("sqlite3")]
        ),
        .target(
            name: "WiciLedger",
            dependencies: [
                "CheckedPages", "Processor", "WiciCore",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]
        ),
        // Where hub, node and command line keep secrets on disk.
        .target(name: "PrivateFiles", dependencies: ["WiciCore"]),
        .target(
            name: "WiciHub",
            dependencies: [
                "PrivateFiles", "WiciCore", "WiciLedger", "ZeroMQ", "Yams",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "WiciNode",
            dependencies: [
                "CheckedPages", "PrivateFiles", "WiciCore", "ZeroMQ", "Yams",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .executableTarget(
            name: "wici",
            dependencies: [
                "PrivateFiles", "WiciCore", "WiciLedger", "WiciHub", "WiciNode", "ZeroMQ",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(
            name: "WiciCoreTests",
            dependencies: [
                "Processor", "WiciCore", "Yams",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]
        ),
        .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ", "CZeroMQ"]),
        .testTarget(name: "PrivateFilesTests", dependencies: ["PrivateFiles", "WiciCore"]),
        .testTarget(
            name: "WiciLedgerTests",
            dependencies: [
                "CheckedPages", "WiciLedger", "WiciCore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "WiciHubTests",
            dependencies: [
                "WiciHub", "WiciLedger", "WiciCore", "ZeroMQ",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "WiciNodeTests",
            dependencies: [
                "WiciNode", "WiciCore", "ZeroMQ", .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(name: "WiciCommandTests", dependencies: ["wici", "WiciCore"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "wici", "NetworkRig", "WiciHub", "WiciNode", "WiciLedger", "WiciCore", "ZeroMQ",
                "Yams",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "RepositoryTests"),
        .target(
            name: "FaultDisk",
            path: "Tests/FaultDisk",
            cSettings: [.define("_POSIX_C_SOURCE", to: "200809L")],
            linkerSettings: [.linkedLibrary("sqlite3")]
        ),
        .executableTarget(
            name: "simulation",
            dependencies: [
                "FaultDisk", "WiciHub", "WiciNode", "WiciLedger", "WiciCore",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Simulation"
        ),
        .target(
            name: "FaultCalls",
            path: "Tests/FaultCalls",
            linkerSettings: [.linkedLibrary("dl")]
        ),
        // Networks of folders and processes, for the tests from end to end and for the harness.
        .target(
            name: "NetworkRig",
            dependencies: ["WiciHub", "WiciNode", "WiciLedger", "WiciCore", "ZeroMQ"],
            path: "Tests/Rig"
        ),
        .executableTarget(
            name: "faults",
            dependencies: [
                "CheckedPages", "FaultDisk", "FaultCalls", "NetworkRig",
                "WiciHub", "WiciNode", "WiciLedger", "WiciCore", "ZeroMQ",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Faults"
        ),
        .executableTarget(
            name: "hostile",
            dependencies: [
                "CZeroMQ", "NetworkRig", "WiciHub", "WiciNode", "WiciCore", "ZeroMQ",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Hostile"
        ),
        // The fuzz targets are a library: libFuzzer drives it (Tests/Fuzz/run), the tests replay it.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "WiciCore", "WiciLedger", "WiciHub", "WiciNode", "ZeroMQ",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Tests/Fuzz/Targets"
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["FuzzTargets"],
            path: "Tests/Fuzz/Replay"
        ),
    ],
    swiftLanguageModes: [.v6]
)

// One set of compiler settings for every target.
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
