// How fast the server is on loopback, in clear and over TLS, and what an idle TLS connection costs. Prints
// one line of JSON per measurement. The load runs in this process, on as many threads as named beside it, and
// shares the cores.
//   net_bench [seconds per measurement, 3] [idle connections, 10000]
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "net/address.h"
#include "net/testing.h"
#include "net/tls.h"
#include "net/transport.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::net;
using namespace shieldwall::net::testing;

constexpr std::size_t page_bytes = 1'500'000;  // 1,000 objects of ATT&CK's size

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
  }
  return 0;
}

/// A keep-alive reader that throws away what it gets, as cheaply as can be.
class Reader {
 public:
  Reader(std::uint16_t port, SSL_CTX* context)
      : socket_(port), ssl_(context != nullptr ? SSL_new(context) : nullptr) {
    if (ssl_ == nullptr) return;
    SSL_set_fd(ssl_, socket_.number());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~Reader() { SSL_free(ssl_); }
  bool connected() const { return connected_; }

  void ask(std::string_view request) {
    if (ssl_ != nullptr) {
      SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    } else {
      socket_.say(request);
    }
  }
  bool read_answer(std::size_t bytes) {
    static thread_local std::vector<char> buffer(1 << 18);
    while (bytes > 0) {
      const auto most = std::min(bytes, buffer.size());
      const auto n = ssl_ != nullptr ? SSL_read(ssl_, buffer.data(), static_cast<int>(most))
                                     : ::recv(socket_.number(), buffer.data(), most, 0);
      if (n <= 0) return false;
      bytes -= static_cast<std::size_t>(n);
    }
    return true;
  }
  int number() const { return socket_.number(); }

 private:
  RawSocket socket_;
  SSL* ssl_;
  bool connected_ = true;
};

std::size_t answer_bytes(std::uint16_t port, std::string_view target) {
  return ask(port, fmt::format("GET {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", target)).size() -
         std::string_view("Connection: close\r\n").size();
}

/// Load from `threads` threads, each with its own connections that all ask before the first is read. Requests
/// a second.
double measure(std::string_view name,
               std::size_t bytes,
               std::uint16_t port,
               SSL_CTX* context,
               std::string_view target,
               int seconds,
               int threads,
               int connections_each) {
  const auto request = fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> answers{0};
  const auto cpu_before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> load;
    for (int t = 0; t < threads; ++t) {
      load.emplace_back([&] {
        std::vector<std::unique_ptr<Reader>> readers;
        for (int i = 0; i < connections_each; ++i) readers.push_back(std::make_unique<Reader>(port, context));
        while (!stop) {
          for (auto& reader : readers) reader->ask(request);
          for (auto& reader : readers) answers += reader->read_answer(bytes) ? 1 : 0;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto cpu = cpu_seconds() - cpu_before;
  std::printf(
      "{\"benchmark\":\"%s\",\"requests_per_second\":%.0f,\"mb_per_second\":%.0f,\"requests_per_cpu_second\":"
      "%.0f,"
      "\"answer_bytes\":%zu,\"connections\":%d}\n",
      std::string(name).c_str(),
      static_cast<double>(answers) / took.count(),
      static_cast<double>(answers) * static_cast<double>(bytes) / took.count() / 1e6,
      static_cast<double>(answers) / cpu,
      bytes,
      threads * connections_each);
  return static_cast<double>(answers) / took.count();
}

/// The least that any server must do: a thread per connection that sends fixed bytes for whatever it reads.
class BareServer {
 public:
  BareServer(Bytes answer, TlsContext context) : listener_(*listen_tcp(*IpAddress::parse("127.0.0.1"), 0)) {
    ::fcntl(listener_.number(), F_SETFL, 0);
    accepting_ = std::jthread([this, answer = std::move(answer), context] {
      for (;;) {
        const int socket = ::accept(listener_.number(), nullptr, nullptr);
        if (socket < 0) return;
        serving_.emplace_back([&answer, context, socket] { serve(answer, context, socket); });
      }
    });
  }
  ~BareServer() {
    ::shutdown(listener_.number(), SHUT_RDWR);
    accepting_.join();
  }
  std::uint16_t port() const { return *port_of(listener_); }

 private:
  static void serve(const Bytes& answer, const TlsContext& context, int socket) {
    char request[4096];
    const std::shared_ptr<SSL> ssl(context ? SSL_new(context.get()) : nullptr, SSL_free);
    if (ssl) {
      SSL_set_mode(ssl.get(), SSL_MODE_AUTO_RETRY);
      SSL_clear_mode(ssl.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
      SSL_set_fd(ssl.get(), socket);
      if (SSL_accept(ssl.get()) != 1) return;
      while (SSL_read(ssl.get(), request, sizeof request) > 0 &&
             SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size())) > 0) {
      }
    } else {
      while (::recv(socket, request, sizeof request, 0) > 0 &&
             ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) > 0) {
      }
    }
    ::close(socket);
  }

  Descriptor listener_;
  std::vector<std::jthread> serving_;
  std::jthread accepting_;
};

/// The clients live in a child process, so that this one's memory is the server's alone.
void measure_idle(TestServer& node, std::uint16_t port, SSL_CTX* context, std::size_t connections) {
  int told[2];
  if (::pipe(told) != 0) return;
  const auto before = resident_kib();
  const auto open_before = node.server->counters().connections_open;
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::size_t i = 0; i < connections; ++i) {
      readers.push_back(std::make_unique<Reader>(port, context));
      if (!readers.back()->connected()) {
        readers.pop_back();
        break;
      }
      // One request each, as an idle connection in real life has had.
      readers.back()->ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
      readers.back()->read_answer(10);
    }
    char done = 'd';
    [[maybe_unused]] const auto written = ::write(told[1], &done, 1);
    ::pause();
    std::_Exit(0);
  }
  char done = 0;
  [[maybe_unused]] const auto got = ::read(told[0], &done, 1);
  const auto open = node.server->counters().connections_open - open_before;
  const auto each = (resident_kib() - before) / static_cast<double>(std::max<std::uint64_t>(open, 1));
  std::printf("{\"benchmark\":\"idle TLS connections\",\"connections\":%llu,\"kib_each\":%.1f}\n",
              static_cast<unsigned long long>(open),
              each);
  std::fflush(stdout);
  measure("hello, clear, beside the idle ones",
          answer_bytes(node.port(0), "/hello"),
          node.port(0),
          nullptr,
          "/hello",
          2,
          1,
          32);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds_each = argc > 1 ? std::atoi(argv[1]) : 3;
  const auto idle = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 10'000);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const auto page = std::make_shared<const Bytes>(Bytes(page_bytes, 'p'));
  TestServer node(
      {.listeners = {ListenerOptions{}, {.tls = identities().server}}, .limits = {.idle_time = minutes(10)}},
      [&](Request&& request) {
        if (request.target == "/page") return Response{.shared_body = page};
        return Response{.body = "hello"};
      });
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const auto tls = node.port(1);
  const auto pair = [&](std::string name, std::string_view target, SSL_CTX* client, int connections) {
    const auto bytes = answer_bytes(node.port(0), target);
    const BareServer bare(Bytes(bytes, 'p'),
                          client != nullptr ? *server_context(identities().server, nullptr) : nullptr);
    const auto floor =
        measure("floor: " + name, bytes, bare.port(), client, target, seconds_each, 1, connections);
    const auto ours = measure(
        name, bytes, client != nullptr ? tls : node.port(0), client, target, seconds_each, 1, connections);
    std::printf("{\"benchmark\":\"%s\",\"ratio_to_floor\":%.2f}\n", name.c_str(), ours / floor);
  };
  pair("hello, clear", "/hello", nullptr, 32);
  pair("hello, TLS", "/hello", context.get(), 32);
  pair("page of 1.5 MB, clear", "/page", nullptr, 4);
  pair("page of 1.5 MB, TLS", "/page", context.get(), 4);
  measure_idle(node, tls, context.get(), idle);
  return 0;
}
