/* Only zmq.h: options and calls come in as they are, so no shim function is needed. */
#include <zmq.h>
