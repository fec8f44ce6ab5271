// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Waiting, waking and closed sockets.

import Foundation
import Testing

@testable import ZeroMQ

struct PollerTests {
    @Test func `a signal from another thread ends a wait`() throws {
        let wake = try WakeSignal()
        var poller = Poller()
        let token = poller.add(descriptor: wake.descriptor)
        let thread = Thread { wake.signal() }
        thread.start()
        let woken = (try poller.wait(patience), poller.isReadable(token))
        #expect(woken == (1, true))
        #expect(wake.drain())
        let calm = (try poller.wait(.zero), poller.isReadable(token))
        #expect(calm == (0, false))
    }

    @Test func `many signals count as one and none is lost`() throws {
        let wake = try WakeSignal()
        #expect(!wake.drain())
        for _ in 0..<200_000 { wake.signal() }
        #expect(wake.drain())
        #expect(!wake.drain())
        wake.signal()
        #expect(wake.drain())
    }

    @Test func `the poller tells which socket is ready`() throws {
        let context = try Context()
        let quiet = try Socket(.router, in: context, options: .test)
        let busy = try Socket(.router, in: context, options: .test)
        try quiet.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, in: context, options: .test)
        try dealer.connect(try busy.bind("tcp://127.0.0.1:*"))
        try dealer.deliver("hello")
        var poller = Poller()
        let quietToken = poller.add(quiet)
        let busyToken = poller.add(busy)
        let ready = try poller.wait(patience)
        let found = (poller.isReadable(quietToken), poller.isReadable(busyToken))
        #expect(ready == 1 && found == (false, true))
        poller.change(busyToken, to: [])
        let ignored = try poller.wait(.zero)
        #expect(ignored == 0)
    }

    @Test func `waiting on a closed socket is an error`() throws {
        let context = try Context()
        let socket = try Socket(.pair, in: context, options: .inProcess)
        var poller = Poller()
        _ = poller.add(socket)
        socket.close()
        var refused = false
        do throws(ZeroMQError) { try poller.wait(.zero) } catch { refused = true }
        #expect(refused)
    }
}
