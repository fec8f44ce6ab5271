/* SPDX-License-Identifier: Apache-2.0
 * Copyright 2026 the Wici authors
 *
 * The race against NATS with its C client, over TLS. The program is built twice: `race-nats` speaks
 * core NATS (at most once, nothing stored), `race-jetstream` a JetStream stream in a file store, whose
 * acknowledgement comes before any sync (nats-server 2.9 syncs every minute).
 */
#include "race.h"
#include <nats/nats.h>

#ifdef JETSTREAM
static const bool stored = true;
#else
static const bool stored = false;
#endif

static const char *const subject = "race.message";

static void check(natsStatus status, const char *what) {
    if (status != NATS_OK) fail("%s: %s", what, nats_GetLastError(NULL) ?: natsStatus_GetText(status));
}

/* Made once: each set of options reads every certificate that the system trusts. */
static natsOptions *settings;

static void make_settings(void) {
    char address[64];
    snprintf(address, sizeof address, "tls://localhost:%d", options.port);
    check(natsOptions_Create(&settings), "options");
    check(natsOptions_SetURL(settings, address), "address");
    check(natsOptions_SetSecure(settings, true), "TLS");
    check(natsOptions_LoadCATrustedCertificates(settings, options.ca), "certificate");
    check(natsOptions_SetExpectedHostname(settings, "localhost"), "host name");
    check(natsOptions_SetMaxPendingMsgs(settings, 10000000), "pending");
    /* What is sent alone goes out at once; what is sent in masses is gathered. */
    bool is_alone = workload_is("single") || workload_is("latency") || workload_is("crowd");
    check(natsOptions_SetSendAsap(settings, is_alone), "send at once");
    check(natsOptions_UseGlobalMessageDelivery(settings, options.receivers > 1), "threads");
}

static natsConnection *connect_peer(void) {
    natsConnection *connection;
    check(natsConnection_Connect(&connection, settings), "connect");
    return connection;
}

static jsCtx *stream_of(natsConnection *connection) {
    jsOptions settings;
    jsCtx *stream;
    jsOptions_Init(&settings);
    settings.PublishAsync.MaxPending = options.window;
    settings.PublishAsync.StallWait = WAIT_SECONDS * 1000;
    check(natsConnection_JetStream(&stream, connection, &settings), "JetStream");
    return stream;
}

static jsCtx *create_stream(natsConnection *connection) {
    jsCtx *stream = stream_of(connection);
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    const char *subjects[] = {"race.>"};
    config.Name = "RACE";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    js_DeleteStream(stream, "RACE", NULL, NULL);
    check(js_AddStream(NULL, stream, &config, NULL, NULL), "stream");
    return stream;
}

/* ---- Publishing ---------------------------------------------------------------------------- */

static void complete(jsCtx *stream) {
    jsPubOptions settings;
    jsPubOptions_Init(&settings);
    settings.MaxWait = 60000;
    check(js_PublishAsyncComplete(stream, &settings), "acknowledgements");
}

static void *sender(void *unused) {
    natsConnection *connection = connect_peer();
    jsCtx *stream = stored ? stream_of(connection) : NULL;
    char *body = make_body();
    pthread_barrier_wait(&start_line);
    int64_t end = seconds_from(now(), options.seconds);
    long sent = 0;
    for (; sent < options.count && (sent % 16 || now() < end); sent++) {
        if (stored) check(js_PublishAsync(stream, subject, body, options.bytes, NULL), "publish");
        else check(natsConnection_Publish(connection, subject, body, options.bytes), "publish");
    }
    if (stored) complete(stream);
    else check(natsConnection_Flush(connection), "flush");
    atomic_fetch_add(&sent_total, sent);
    natsConnection_Close(connection);
    return unused;
}

static void publish_singly(natsConnection *connection, jsCtx *stream) {
    char *body = make_body();
    static int64_t times[ARRIVALS_MOST];
    long count = 0;
    int64_t end = seconds_from(now(), options.seconds);
    while (count < options.count && count < ARRIVALS_MOST && now() < end) {
        int64_t begin = now();
        if (stored) {
            check(js_Publish(NULL, stream, subject, body, options.bytes, NULL, NULL), "publish");
        } else {
            check(natsConnection_Publish(connection, subject, body, options.bytes), "publish");
            check(natsConnection_Flush(connection), "flush");
        }
        times[count++] = now() - begin;
    }
    result_percentiles(times, count);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static void take(natsConnection *c, natsSubscription *s, natsMsg *message, void *unused) {
    note_delivery(natsMsg_GetData(message), natsMsg_GetDataLength(message));
    natsMsg_Destroy(message);
}

static natsSubscription *subscribe(natsConnection *connection, jsDeliverPolicy from) {
    natsSubscription *subscription;
    if (stored) {
        jsSubOptions settings;
        jsSubOptions_Init(&settings);
        settings.Ordered = true;
        settings.Config.DeliverPolicy = from;
        check(js_Subscribe(&subscription, stream_of(connection), subject, take, NULL, NULL,
                           &settings, NULL), "ordered consumer");
    } else {
        check(natsConnection_Subscribe(&subscription, connection, subject, take, NULL), "subscribe");
        check(natsConnection_Flush(connection), "flush");
    }
    natsSubscription_SetPendingLimits(subscription, -1, -1);
    return subscription;
}

static natsConnection *publisher;
static jsCtx *publisher_stream;

static void publish(char *body) {
    if (stored) check(js_PublishAsync(publisher_stream, subject, body, options.bytes, NULL), "publish");
    else check(natsConnection_Publish(publisher, subject, body, options.bytes), "publish");
}

static void connect_receivers(void) {
    for (int place = 0; place < options.receivers; place++)
        subscribe(connect_peer(), js_DeliverNew);
}

static void catch_up(natsConnection *connection) {
    run_senders(sender);
    int64_t begin = now();
    natsSubscription *subscription = subscribe(connection, js_DeliverAll);
    bool whole = await_deliveries(sent_total);
    result("rate", atomic_load(&deliveries) / ((now() - begin) / 1e9));
    result("count", sent_total);
    result("missing", whole ? 0 : sent_total - atomic_load(&deliveries));
    natsSubscription_Unsubscribe(subscription);
}

int main(int count, char **words) {
    read_options(count, words);
    check(nats_Open(-1), "library");
    nats_SetMessageDeliveryPoolSize(2);
    make_settings();
    natsConnection *connection = connect_peer();
    jsCtx *stream = stored ? create_stream(connection) : NULL;
    publisher = connection;
    publisher_stream = stream;
    if (workload_is("publish")) {
        double time = run_senders(sender);
        result("rate", sent_total / time);
    } else if (workload_is("single")) {
        publish_singly(connection, stream);
    } else if (workload_is("fanout")) {
        connect_receivers();
        run_fan_out(publish, sleep_until);
    } else if (workload_is("latency")) {
        connect_receivers();
        note_arrivals();
        run_at_rate(publish, sleep_until);
    } else if (workload_is("catchup") && stored) {
        catch_up(connection);
    } else if (workload_is("crowd")) {
        run_crowd(connect_receivers);
        note_arrivals();
        run_at_rate(publish, sleep_until);
    } else {
        fail("no workload %s", options.workload);
    }
    end_result();
    if (stored) js_DeleteStream(stream, "RACE", NULL, NULL);
    _exit(0); /* Two thousand client threads need no orderly end. */
}
