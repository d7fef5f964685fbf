/*
 * What a client in C needs for the same work over TLS: SMTP in lock-step over non-blocking sockets, by epoll and OpenSSL. It
 * verifies nothing and stops at the first trouble. It prints the least of its handshakes' durations, the tenth
 * percentile and the median, in microseconds.
 *
 *     cc -O2 -o tls-client tls-client.c -lssl -lcrypto
 *     tls-client [-d] [-r] [-e] [-a] -s sessions -m messages -l bytes port
 *
 * -d: a session keeps its connection; -r: connections resume the latest TLS session; -e: the envelope goes in one write; -a: in
 * place of each message, a connection that is given up after HELO.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum awaited { HANDSHAKE, GREETING, HELLO, MAIL, RCPT, DATA, FINAL, QUIT };

struct session {
  int socket;
  SSL *tls;
  enum awaited awaited;
  /* The characters of the reply's line so far, of which only the fourth matters. */
  int column;
  char fourth;
  /* A connection that is freed may be followed by one at the same address. */
  int connections;
  /* When its handshake began. */
  double begun;
};

static SSL_CTX *context;
static SSL_SESSION *latest;
static int epoll, keeps, resumes, groups, abandons, port;
static long left, running;
static double *handshakes;
static long handshake_count, handshake_most;
static char *content;
static int content_length;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int by_size(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

static int keep_session(SSL *tls, SSL_SESSION *session) {
  (void)tls;
  if (!resumes) return 0;
  SSL_SESSION_free(latest);
  latest = session;
  return 1;
}

static void open_session(struct session *session) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  session->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(session->socket, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  int on = 1;
  setsockopt(session->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(session->socket, F_SETFL, O_NONBLOCK);
  session->tls = SSL_new(context);
  SSL_set_fd(session->tls, session->socket);
  SSL_set_tlsext_host_name(session->tls, "localhost");
  if (latest != NULL) {
    /* A ticket of TLS 1.3 is good for one connection, by OpenSSL's own count. */
    SSL_SESSION *copy = SSL_SESSION_dup(latest);
    SSL_set_session(session->tls, copy);
    SSL_SESSION_free(copy);
  }
  SSL_set_connect_state(session->tls);
  session->connections++;
  session->awaited = HANDSHAKE;
  session->column = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, session->socket, &event) != 0) die("epoll_ctl");
  running++;
  session->begun = now();
  SSL_do_handshake(session->tls);
}

/* By a reset, as both generators do. */
static void close_session(struct session *session) {
  struct linger linger = {1, 0};
  setsockopt(session->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  SSL_set_quiet_shutdown(session->tls, 1);
  SSL_shutdown(session->tls);
  SSL_free(session->tls);
  close(session->socket);
  session->tls = NULL;
  running--;
}

static void put(struct session *session, const char *bytes, int length, enum awaited awaited) {
  session->awaited = awaited;
  if (SSL_write(session->tls, bytes, length) != length) die("write");
}

#define PUT(session, text, awaited) put(session, text, sizeof text - 1, awaited)

static const char mail[] = "MAIL FROM:<foo@localhost>\r\n";
static const char envelope[] = "MAIL FROM:<foo@localhost>\r\nRCPT TO:<foo@localhost>\r\nDATA\r\n";

static void message_or_quit(struct session *session, int begins) {
  if (!begins || left == 0) {
    PUT(session, "QUIT\r\n", QUIT);
    return;
  }
  left--;
  if (groups) PUT(session, envelope, MAIL);
  else PUT(session, mail, MAIL);
}

static void replied(struct session *session) {
  switch (session->awaited) {
    case GREETING: PUT(session, "HELO localhost\r\n", HELLO); break;
    case HELLO:
      if (!abandons) message_or_quit(session, 1);
      else {
        left--;
        close_session(session);
        if (left > 0) open_session(session);
      }
      break;
    case MAIL:
      if (groups) session->awaited = RCPT;
      else PUT(session, "RCPT TO:<foo@localhost>\r\n", RCPT);
      break;
    case RCPT:
      if (groups) session->awaited = DATA;
      else PUT(session, "DATA\r\n", DATA);
      break;
    case DATA: put(session, content, content_length, FINAL); break;
    case FINAL: message_or_quit(session, keeps); break;
    default:
      close_session(session);
      if (left > 0) open_session(session);
  }
}

static void ready(struct session *session) {
  static char bytes[65536];
  if (session->awaited == HANDSHAKE) {
    int result = SSL_do_handshake(session->tls);
    if (result != 1) {
      if (SSL_get_error(session->tls, result) != SSL_ERROR_WANT_READ) die("handshake");
      return;
    }
    session->awaited = GREETING;
    if (handshake_count < handshake_most) handshakes[handshake_count++] = now() - session->begun;
  }
  int connection = session->connections;
  for (;;) {
    int count = SSL_read(session->tls, bytes, sizeof bytes);
    if (count <= 0) {
      if (SSL_get_error(session->tls, count) != SSL_ERROR_WANT_READ) die("read");
      return;
    }
    for (int at = 0; at < count; at++) {
      if (++session->column == 4) session->fourth = bytes[at];
      if (bytes[at] != '\n') continue;
      session->column = 0;
      if (session->fourth == ' ') replied(session);
      if (session->tls == NULL || session->connections != connection) return;
    }
  }
}

static void make_content(int bytes) {
  content = malloc(bytes + bytes / 39 + 400);
  content_length = sprintf(content, "From: <foo@localhost>\r\nTo: <foo@localhost>\r\nDate: Thu, 26 Nov 2026 11:00:00 +0000\r\n"
    "Message-Id: <1a21a1edfdd.6fd9407a.00000012@localhost>\r\n\r\n");
  for (int at = 0; at < bytes; at++) content[content_length++] = at % 80 == 79 ? '\n' : at % 80 == 78 ? '\r' : 'X';
  content_length += sprintf(content + content_length, "\r\n.\r\n");
}

int main(int argc, char **argv) {
  int option, count = 1, bytes = 1024;
  while ((option = getopt(argc, argv, "dreas:m:l:")) != -1) {
    if (option == 'd') keeps = 1;
    else if (option == 'r') resumes = 1;
    else if (option == 'e') groups = 1;
    else if (option == 'a') abandons = 1;
    else if (option == 's') count = atoi(optarg);
    else if (option == 'm') left = atol(optarg);
    else if (option == 'l') bytes = atoi(optarg);
    else return 1;
  }
  port = atoi(argv[optind]);
  make_content(bytes);
  handshake_most = left + count;
  handshakes = calloc(handshake_most, sizeof *handshakes);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  epoll = epoll_create1(0);
  struct session *sessions = calloc(count, sizeof *sessions);
  for (int index = 0; index < count; index++) open_session(&sessions[index]);
  struct epoll_event events[512];
  while (running > 0) {
    int found = epoll_wait(epoll, events, 512, -1);
    for (int index = 0; index < found; index++) ready(events[index].data.ptr);
  }
  qsort(handshakes, handshake_count, sizeof *handshakes, by_size);
  printf("%.0f %.0f %.0f\n", handshakes[0], handshakes[handshake_count / 10], handshakes[handshake_count / 2]);
  return 0;
}
