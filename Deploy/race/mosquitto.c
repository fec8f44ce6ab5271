/* SPDX-License-Identifier: Apache-2.0
 * Copyright 2026 the Wici authors
 *
 * The race against Mosquitto with its C library: QoS 1 over TLS, persistent sessions. A PUBACK says
 * that the message is in the server's memory; it is on disk after the next autosave (30 minutes).
 */
#include "race.h"
#include <mosquitto.h>
#include <poll.h>

static const char *const topic = "race/message";
static const char *const absent_name = "race-absent";

struct client {
    struct mosquitto *session;
    long acknowledged;
    bool connected, subscribed;
};

static void check(int status, const char *what) {
    if (status != MOSQ_ERR_SUCCESS) fail("%s: %s", what, mosquitto_strerror(status));
}

static void on_connect(struct mosquitto *s, void *client, int status) {
    if (status) fail("connect: %s", mosquitto_connack_string(status));
    ((struct client *)client)->connected = true;
}

static void on_publish(struct mosquitto *s, void *client, int id) {
    ((struct client *)client)->acknowledged++;
}

static void on_subscribe(struct mosquitto *s, void *client, int id, int count, const int *levels) {
    ((struct client *)client)->subscribed = true;
}

static void on_message(struct mosquitto *s, void *client, const struct mosquitto_message *message) {
    note_delivery(message->payload, message->payloadlen);
}

/* One turn of a client's own loop; the library's own cannot have more than 1,024 descriptors. */
static void turn(struct client *client, int milliseconds) {
    short events = POLLIN | (mosquitto_want_write(client->session) ? POLLOUT : 0);
    struct pollfd ready = {mosquitto_socket(client->session), events, 0};
    poll(&ready, 1, milliseconds);
    if (ready.revents & POLLOUT) check(mosquitto_loop_write(client->session, 1), "write");
    if (ready.revents & ~POLLOUT) check(mosquitto_loop_read(client->session, 100), "read");
}

/* A named session outlives its connection unless it begins clean. */
static void connect_client(struct client *client, const char *name, bool clean) {
    *client = (struct client){mosquitto_new(name, clean, client)};
    if (!client->session) fail("no session");
    mosquitto_connect_callback_set(client->session, on_connect);
    mosquitto_publish_callback_set(client->session, on_publish);
    mosquitto_subscribe_callback_set(client->session, on_subscribe);
    mosquitto_message_callback_set(client->session, on_message);
    check(mosquitto_tls_set(client->session, options.ca, NULL, NULL, NULL, NULL), "TLS");
    check(mosquitto_int_option(client->session, MOSQ_OPT_TCP_NODELAY, 1), "no delay");
    check(mosquitto_max_inflight_messages_set(client->session, 0), "window");
    check(mosquitto_connect(client->session, "localhost", options.port, 600), "connect");
    while (!client->connected) turn(client, 100);
}

static void subscribe(struct client *client) {
    check(mosquitto_subscribe(client->session, NULL, topic, 1), "subscribe");
    while (!client->subscribed) turn(client, 100);
}

static void disconnect_client(struct client *client) {
    mosquitto_disconnect(client->session);
    mosquitto_destroy(client->session);
}

static void send_body(struct client *client, const char *body) {
    check(mosquitto_publish(client->session, NULL, topic, options.bytes, body, 1, false), "publish");
}

/* ---- Publishing ---------------------------------------------------------------------------- */

/* A session that stays away, so that the server has to keep what is published. */
static void leave_session_behind(void) {
    struct client absent;
    connect_client(&absent, absent_name, true);
    disconnect_client(&absent);
    connect_client(&absent, absent_name, false);
    subscribe(&absent);
    disconnect_client(&absent);
}

static void forget_session(void) {
    struct client absent;
    connect_client(&absent, absent_name, true);
    disconnect_client(&absent);
}

static void *sender(void *unused) {
    struct client client;
    connect_client(&client, NULL, true);
    char *body = make_body();
    pthread_barrier_wait(&start_line);
    int64_t end = seconds_from(now(), options.seconds);
    long sent = 0;
    bool more = true;
    while (more || client.acknowledged < sent) {
        while (more && sent - client.acknowledged < options.window) {
            send_body(&client, body);
            sent++;
            more = sent < options.count && now() < end;
            if (sent % 16 == 0) break;
        }
        turn(&client, more && sent - client.acknowledged < options.window ? 0 : 10);
        if (now() > seconds_from(end, WAIT_SECONDS)) fail("no acknowledgement");
    }
    atomic_fetch_add(&sent_total, sent);
    disconnect_client(&client);
    return unused;
}

static void publish_singly(void) {
    struct client client;
    connect_client(&client, NULL, true);
    char *body = make_body();
    static int64_t times[ARRIVALS_MOST];
    long count = 0;
    int64_t end = seconds_from(now(), options.seconds);
    while (count < options.count && count < ARRIVALS_MOST && now() < end) {
        int64_t begin = now();
        send_body(&client, body);
        while (client.acknowledged <= count) turn(&client, 100);
        times[count++] = now() - begin;
    }
    result_percentiles(times, count);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static struct client *receivers;
static struct client publisher;
static atomic_bool ends;

/* All receivers on one thread: whoever has something to read or write gets a turn. */
static void *receive(void *unused) {
    struct pollfd *ready = calloc(options.receivers, sizeof *ready);
    while (!atomic_load(&ends)) {
        for (int place = 0; place < options.receivers; place++) {
            struct mosquitto *session = receivers[place].session;
            short events = POLLIN | (mosquitto_want_write(session) ? POLLOUT : 0);
            ready[place] = (struct pollfd){mosquitto_socket(session), events, 0};
        }
        if (poll(ready, options.receivers, 10) < 1) continue;
        for (int place = 0; place < options.receivers; place++) {
            struct mosquitto *session = receivers[place].session;
            if (ready[place].revents & (POLLIN | POLLHUP)) mosquitto_loop_read(session, 100);
            if (ready[place].revents & POLLOUT) mosquitto_loop_write(session, 1);
        }
    }
    return unused;
}

static void connect_receivers(void) {
    receivers = calloc(options.receivers, sizeof *receivers);
    for (int place = 0; place < options.receivers; place++) {
        char name[32];
        snprintf(name, sizeof name, "race-receiver-%d", place);
        /* Clean first: what an earlier run left is not for this one. */
        connect_client(&receivers[place], name, true);
        disconnect_client(&receivers[place]);
        connect_client(&receivers[place], name, false);
        subscribe(&receivers[place]);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, receive, NULL)) fail("no thread");
    pthread_detach(thread);
}

static void publish(char *body) {
    send_body(&publisher, body);
    turn(&publisher, 0);
}

/* Takes acknowledgements until a moment. */
static void take_acknowledgements(int64_t until) {
    int64_t rest;
    while ((rest = until - now()) > NANOSECONDS / 500) turn(&publisher, 1);
    turn(&publisher, 0);
    sleep_until(until);
}

static void forget_receivers(void) {
    for (int place = 0; place < options.receivers; place++) {
        char name[32];
        struct client client;
        snprintf(name, sizeof name, "race-receiver-%d", place);
        connect_client(&client, name, true);
        disconnect_client(&client);
    }
}

static void catch_up(void) {
    leave_session_behind();
    run_senders(sender);
    receivers = calloc(1, sizeof *receivers);
    int64_t begin = now();
    connect_client(receivers, absent_name, false);
    while (atomic_load(&deliveries) < sent_total && now() < seconds_from(begin, 60))
        turn(receivers, 10);
    result("rate", atomic_load(&deliveries) / ((now() - begin) / 1e9));
    result("count", sent_total);
    result("missing", sent_total - atomic_load(&deliveries));
    disconnect_client(receivers);
    forget_session();
}

int main(int count, char **words) {
    read_options(count, words);
    check(mosquitto_lib_init(), "library");
    if (workload_is("publish")) {
        leave_session_behind();
        double time = run_senders(sender);
        result("rate", sent_total / time);
        forget_session();
    } else if (workload_is("single")) {
        leave_session_behind();
        publish_singly();
        forget_session();
    } else if (workload_is("catchup")) {
        catch_up();
    } else {
        connect_client(&publisher, NULL, true);
        if (workload_is("crowd")) run_crowd(connect_receivers);
        else connect_receivers();
        if (workload_is("fanout")) {
            run_fan_out(publish, take_acknowledgements);
        } else if (workload_is("latency") || workload_is("crowd")) {
            note_arrivals();
            run_at_rate(publish, take_acknowledgements);
        } else {
            fail("no workload %s", options.workload);
        }
        atomic_store(&ends, true);
        usleep(50000);
        forget_receivers();
    }
    end_result();
    _exit(0);
}
