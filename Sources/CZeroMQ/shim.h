/* Options and calls come in as they are, so no shim function is needed. malloc.h is for mallopt, by
   which a process bounds what libzmq's queues cost it. */
#include <malloc.h>
#include <zmq.h>
