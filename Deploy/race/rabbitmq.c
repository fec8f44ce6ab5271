/* SPDX-License-Identifier: Apache-2.0
 * Copyright 2026 the Wici authors
 *
 * The race against RabbitMQ with its C client: quorum queues and publisher confirms over TLS. A
 * confirm says that the message is in the queue's log and synced (one sync for many messages).
 */
#include "race.h"
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <poll.h>

static const char *const exchange = "race";
static amqp_bytes_t none;

static void check(amqp_rpc_reply_t reply, const char *what) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    fail("%s: %s", what, reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                             ? amqp_error_string2(reply.library_error) : "refused by the server");
}

static amqp_connection_state_t connect_peer(void) {
    amqp_connection_state_t peer = amqp_new_connection();
    amqp_socket_t *socket = amqp_ssl_socket_new(peer);
    if (!socket || amqp_ssl_socket_set_cacert(socket, options.ca)) fail("TLS");
    if (amqp_socket_open(socket, "localhost", options.port)) fail("connect");
    check(amqp_login(peer, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(peer, 1);
    check(amqp_get_rpc_reply(peer), "channel");
    return peer;
}

static amqp_bytes_t queue_name(int place) {
    static _Thread_local char name[32];
    snprintf(name, sizeof name, "race-%d", place);
    return amqp_cstring_bytes(name);
}

static void create_queue(amqp_connection_state_t peer, int place) {
    amqp_table_entry_t kind = {amqp_cstring_bytes("x-queue-type"),
                               {.kind = AMQP_FIELD_KIND_UTF8,
                                .value = {.bytes = amqp_cstring_bytes("quorum")}}};
    amqp_queue_delete(peer, 1, queue_name(place), 0, 0);
    check(amqp_get_rpc_reply(peer), "delete queue");
    amqp_queue_declare(peer, 1, queue_name(place), 0, 1, 0, 0, (amqp_table_t){1, &kind});
    check(amqp_get_rpc_reply(peer), "queue");
    amqp_queue_bind(peer, 1, queue_name(place), amqp_cstring_bytes(exchange), none, amqp_empty_table);
    check(amqp_get_rpc_reply(peer), "bind");
}

static void delete_queue(amqp_connection_state_t peer, int place) {
    amqp_queue_delete(peer, 1, queue_name(place), 0, 0);
    check(amqp_get_rpc_reply(peer), "delete queue");
}

static void create_exchange(amqp_connection_state_t peer) {
    amqp_exchange_declare(peer, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes("fanout"), 0, 1,
                          0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(peer), "exchange");
}

/* ---- Publishing ---------------------------------------------------------------------------- */

static void ask_for_confirms(amqp_connection_state_t peer) {
    amqp_confirm_select(peer, 1);
    check(amqp_get_rpc_reply(peer), "confirms");
}

static void send_body(amqp_connection_state_t peer, char *body) {
    amqp_basic_properties_t durable = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
    amqp_bytes_t bytes = {options.bytes, body};
    int status = amqp_basic_publish(peer, 1, amqp_cstring_bytes(exchange), none, 0, 0, &durable, bytes);
    if (status) fail("publish: %s", amqp_error_string2(status));
}

/* Takes a confirm where one has come; gives the number confirmed through, or the one before. */
static long take_confirm(amqp_connection_state_t peer, long before, int milliseconds) {
    struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(peer, &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) return before;
    if (status) fail("confirm: %s", amqp_error_string2(status));
    if (frame.frame_type != AMQP_FRAME_METHOD) return before;
    if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("not confirmed");
    amqp_basic_ack_t *confirm = frame.payload.method.decoded;
    /* Single confirms can come out of order; then they count one by one. */
    return confirm->multiple ? (long)confirm->delivery_tag : before + 1;
}

static void *sender(void *unused) {
    amqp_connection_state_t peer = connect_peer();
    ask_for_confirms(peer);
    char *body = make_body();
    pthread_barrier_wait(&start_line);
    int64_t end = seconds_from(now(), options.seconds);
    long sent = 0, confirmed = 0;
    bool more = true;
    while (more || confirmed < sent) {
        if (more && sent - confirmed < options.window) {
            send_body(peer, body);
            sent++;
            more = sent < options.count && now() < end;
            if (sent % 16) continue;
        }
        confirmed = take_confirm(peer, confirmed, more && sent - confirmed < options.window ? 0 : 10);
        amqp_maybe_release_buffers(peer);
        if (now() > seconds_from(end, 3 * WAIT_SECONDS)) fail("no confirm");
    }
    atomic_fetch_add(&sent_total, sent);
    return unused;
}

static void publish_singly(void) {
    amqp_connection_state_t peer = connect_peer();
    ask_for_confirms(peer);
    char *body = make_body();
    static int64_t times[ARRIVALS_MOST];
    long count = 0, confirmed = 0;
    int64_t end = seconds_from(now(), options.seconds);
    while (count < options.count && count < ARRIVALS_MOST && now() < end) {
        int64_t begin = now();
        send_body(peer, body);
        while (confirmed <= count) confirmed = take_confirm(peer, confirmed, 100);
        times[count++] = now() - begin;
    }
    result_percentiles(times, count);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static amqp_connection_state_t publisher, *receivers;
static long publisher_confirmed;
static atomic_bool ends;

static void consume(amqp_connection_state_t peer, int place) {
    amqp_basic_qos(peer, 1, 0, 1000, 0);
    check(amqp_get_rpc_reply(peer), "prefetch");
    amqp_basic_consume(peer, 1, queue_name(place), none, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(peer), "consume");
}

/* Takes what comes to one receiver within a time and acknowledges it with one frame. */
static void take_all(amqp_connection_state_t peer, int milliseconds) {
    struct timeval wait = {0, milliseconds * 1000};
    amqp_envelope_t envelope;
    uint64_t last = 0;
    amqp_maybe_release_buffers(peer);
    for (int taken = 0; taken < 250; taken++) {
        amqp_rpc_reply_t reply = amqp_consume_message(peer, &envelope, &wait, 0);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL) break;
        note_delivery(envelope.message.body.bytes, envelope.message.body.len);
        last = envelope.delivery_tag;
        amqp_destroy_envelope(&envelope);
    }
    if (last) amqp_basic_ack(peer, 1, last, 1);
}

static void *receive(void *unused) {
    struct pollfd *ready = calloc(options.receivers, sizeof *ready);
    while (!atomic_load(&ends)) {
        int timeout = 10;
        for (int place = 0; place < options.receivers; place++) {
            ready[place] = (struct pollfd){amqp_get_sockfd(receivers[place]), POLLIN, 0};
            if (amqp_data_in_buffer(receivers[place])) timeout = 0;
        }
        poll(ready, options.receivers, timeout);
        for (int place = 0; place < options.receivers; place++)
            if (ready[place].revents || amqp_data_in_buffer(receivers[place]))
                take_all(receivers[place], 0);
    }
    return unused;
}

static void connect_receivers(void) {
    receivers = calloc(options.receivers, sizeof *receivers);
    for (int place = 0; place < options.receivers; place++) receivers[place] = connect_peer();
}

static void start_receivers(void) {
    connect_receivers();
    for (int place = 0; place < options.receivers; place++) {
        create_queue(receivers[place], place);
        consume(receivers[place], place);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, receive, NULL)) fail("no thread");
}

static void publish(char *body) { send_body(publisher, body); }

static void take_confirms(int64_t until) {
    for (int64_t rest; (rest = until - now()) > NANOSECONDS / 500;) {
        publisher_confirmed = take_confirm(publisher, publisher_confirmed, 1);
        amqp_maybe_release_buffers(publisher);
    }
    publisher_confirmed = take_confirm(publisher, publisher_confirmed, 0);
    sleep_until(until);
}

static void catch_up(void) {
    run_senders(sender);
    receivers = calloc(1, sizeof *receivers);
    receivers[0] = connect_peer();
    int64_t begin = now();
    consume(receivers[0], 0);
    while (atomic_load(&deliveries) < sent_total && now() < seconds_from(begin, 60))
        take_all(receivers[0], 10);
    result("rate", atomic_load(&deliveries) / ((now() - begin) / 1e9));
    result("count", sent_total);
    result("missing", sent_total - atomic_load(&deliveries));
}

int main(int count, char **words) {
    read_options(count, words);
    amqp_connection_state_t peer = connect_peer();
    create_exchange(peer);
    int queues = workload_is("crowd") ? 0 : options.receivers;
    publisher = connect_peer();
    ask_for_confirms(publisher);
    if (workload_is("publish") || workload_is("single") || workload_is("catchup")) create_queue(peer, 0);
    if (workload_is("publish")) {
        double time = run_senders(sender);
        result("rate", sent_total / time);
    } else if (workload_is("single")) {
        publish_singly();
    } else if (workload_is("catchup")) {
        catch_up();
    } else if (workload_is("crowd")) {
        /* Connections alone: a queue for each would be weighed with them. */
        run_crowd(connect_receivers);
    } else {
        start_receivers();
        if (workload_is("latency")) note_arrivals();
        if (workload_is("latency")) run_at_rate(publish, take_confirms);
        else if (workload_is("fanout")) run_fan_out(publish, take_confirms);
        else fail("no workload %s", options.workload);
    }
    atomic_store(&ends, true);
    usleep(50000);
    end_result();
    for (int place = 0; place < queues; place++) delete_queue(peer, place);
    _exit(0);
}
