// Connections of TCP for threads that block. The protocol itself: guests/lib/tcp.
#pragma once
#include "guests/lib/types.h"

struct TcpSocket;

// Null, with a negative errno: ENXIO, ETIMEDOUT, ECONNREFUSED, ENOBUFS, ENOMEM.
TcpSocket* tcp_connect(u32 host, u16 port, u64 timeout_ns, long& error);
// Each connection that is made to the port gets a thread that runs `accepted` and owns the socket. False:
// somebody listens there already, or too many do.
bool tcp_listen(u16 port, void (*accepted)(TcpSocket* socket));

// 0 once all is on its way, or will be without further doing; negative errno: EPIPE, ECONNRESET, ETIMEDOUT.
long tcp_write_all(TcpSocket& socket, const void* bytes, size_t count);
// Waits for something: how much it is; 0 at the end, which is the other side's FIN; negative errno.
s64 tcp_read(TcpSocket& socket, void* to, size_t most);
// How long tcp_read waits, by the clock; then ETIMEDOUT, and the connection stays. No deadline: no_deadline.
void tcp_set_read_deadline(TcpSocket& socket, u64 deadline_ns);
// Nothing more will be written; what was arrives.
void tcp_shutdown(TcpSocket& socket);
// Ends both directions, and the socket: what was written still arrives, unless something came that nobody
// read: then the other side is told so by a reset.
void tcp_close(TcpSocket* socket);
// Ends it with a reset.
void tcp_abort(TcpSocket* socket);
// The same from another thread than its owner's, who learns it by ECONNRESET, and still has the socket.
void tcp_break(TcpSocket& socket);
// tcp_read would not wait.
bool tcp_readable(const TcpSocket& socket);

u32 tcp_host(const TcpSocket& socket);
struct TcpTotals {
  u64 sent, received, retransmitted;  // segments
  u64 round_trip_ns;                  // smoothed
  u32 mss;
};
TcpTotals tcp_totals(const TcpSocket& socket);
