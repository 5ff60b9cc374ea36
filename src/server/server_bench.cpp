// How fast single objects become durable over HTTPS, beside what the same run gives in process and what the
// disk gives at all:
// server_bench [SECONDS per measurement, 5] [FOLDER] [THREADS of the pool, 0: as a node has] [NAME: only
// these]
//
//   limits  64 threads ask whether one address and one account may send a request: what that costs each
//   syncs   that the disk does one after the other: without sharing commits there could be no more writes
//   store   64 threads put one object after the other, durable before the next, in process
//   nothing 64 HTTPS clients POST the same bodies to a handler that answers at once: what TLS, HTTP and the
//           pool's threads take
//   api     64 HTTPS clients, each POSTing one object after the other to /api/v1/objects, by API key
//   taxii   the same to a TAXII collection, by Basic
//   read    the same clients GET pages of 100 objects: what the pool's size costs those who only read
//
// The clients run in a process of their own on the same cores. cpu_us is the processor time of this process
// for each answer, client_cpu_us of the other one; cpu_ratio is cpu_us beside what `store` and `nothing` take
// together, which stays the same on a busy machine.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "model/json.h"
#include "net/server.h"
#include "net/testing.h"
#include "server/folder.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::server;

constexpr int clients = 64;
constexpr std::string_view password = "four words nobody guesses";

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

double cpu_s(int of_whom = RUSAGE_SELF) {
  rusage usage{};
  getrusage(of_whom, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

template <typename T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "server_bench: {}\n", result.error().message);
  std::exit(1);
}

/// About 1.5 KB, as ATT&CK's objects.
std::string object(std::uint64_t number) {
  static const std::string description(1150, 'x');
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--{0:08x}-0000-4000-8000-{1:012x}",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z","name":"n{1}",)"
      R"("pattern":"[domain-name:value = 'h{0}-{1}.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z","description":"{2}"}})",
      static_cast<std::uint32_t>(number >> 40),
      number & 0xffffffffff,
      description);
}

double syncs_per_second(const std::string& folder, double seconds) {
  const auto path = folder + "/syncs";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const std::string page(4096, 'x');
  const auto begin = now_s();
  std::uint64_t done = 0;
  for (; now_s() - begin < seconds; ++done)
    if (::pwrite(file, page.data(), page.size(), 0) < 0 || ::fdatasync(file) != 0) std::exit(1);
  ::close(file);
  return static_cast<double>(done) / (now_s() - begin);
}

/// The node and its two listeners, as `shieldwall serve` builds them.
struct Serving {
  Serving(const std::string& folder, int threads)
      : node(opened(folder)), pool(threads, 256), server(started(folder)) {
    const net::Request made =
        local(net::Method::post,
              "/api/v1/accounts",
              fmt::format(R"({{"name":"bench","roles":["publisher"],"password":"{}"}})", password));
    ask(made);
    circle = text(
        ask(local(net::Method::post, "/api/v1/circles", R"({"title":"C","alias":"c","api_root":"default"})")),
        "id");
    key = text(ask(local(net::Method::post, "/api/v1/keys", R"({"label":"b","account":"bench"})")), "key");
  }

  std::unique_ptr<Node> opened(const std::string& folder) {
    InitOptions wish{.folder = folder};
    wish.founding.organisation = {.id = OrganisationId::random(system_random()), .name = "Bench"};
    wish.founding.organisation.identity = ledger::identity_of(wish.founding.organisation.id);
    need(init_folder(wish, system_clock(), system_random(), system_fs()));
    return need(open_folder(folder, {}, {system_clock(), system_random(), system_fs(), net_}));
  }
  std::unique_ptr<net::Server> started(const std::string& folder) {
    identity = need(net::load_identity(system_fs(), folder + "/tls/server.pem", folder + "/tls/server.key"));
    limits.connections_per_address = 1000;
    return need(net::Server::start(
        {.listeners = {{.tls = identity}},
         .limits = limits,
         .intake = [this](const net::Request& head) { return node->intake(head); }},
        [this](net::Request&& request) { return node->handle(std::move(request)); },
        pool));
  }
  static net::Request local(net::Method method, std::string target, std::string body) {
    return {.method = method,
            .target = std::move(target),
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body),
            .peer_uid = ::getuid(),
            .role = net::ListenerRole::local};
  }
  /// The same listener in front of a handler that does nothing.
  std::unique_ptr<net::Server> answering_nothing() {
    return need(net::Server::start(
        {.listeners = {{.tls = identity}}, .limits = limits},
        [](net::Request&&) {
          return net::Response{.headers = {{"Content-Type", "application/json"}}, .body = Bytes(300, 'x')};
        },
        pool));
  }
  net::Response ask(net::Request request) {
    auto answer = node->handle(std::move(request));
    if (answer.status / 100 == 2) return answer;
    fmt::print(stderr, "server_bench: {}\n", answer.bytes());
    std::exit(1);
  }
  static std::string text(const net::Response& answer, std::string_view member) {
    const auto document = need(model::JsonDocument::parse(std::string(answer.bytes())));
    return std::string(document.root().find(member)->string());
  }

  net::Client net_{{}};
  net::TlsIdentity identity;
  net::Limits limits;
  std::unique_ptr<Node> node;
  ThreadPool pool;
  std::unique_ptr<net::Server> server;
  std::string circle;
  std::string key;
};

/// One TLS connection that POSTs and waits for the answer, again and again. Gives how many answers were 2xx.
class Client {
 public:
  Client(std::uint16_t port, SSL_CTX* context) : socket_(port), ssl_(SSL_new(context)) {
    SSL_set_fd(ssl_, socket_.number());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~Client() { SSL_free(ssl_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The status; 0 when the connection is gone.
  int ask(std::string_view head, std::string_view body) {
    if (!connected_) return 0;
    request_.assign(head);
    request_ += fmt::format("Content-Length: {}\r\n\r\n", body.size());
    request_ += body;
    if (SSL_write(ssl_, request_.data(), static_cast<int>(request_.size())) <= 0) return 0;
    return answer();
  }

 private:
  int answer() {
    heard_.clear();
    char buffer[16384];
    for (;;) {
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n <= 0) return 0;
      heard_.append(buffer, static_cast<std::size_t>(n));
      const auto end = heard_.find("\r\n\r\n");
      if (end == heard_.npos) continue;
      const auto at = heard_.find("Content-Length: ");
      const auto length = at < end ? std::strtoull(heard_.c_str() + at + 16, nullptr, 10) : 0;
      if (heard_.size() >= end + 4 + length) return std::atoi(heard_.c_str() + 9);
    }
  }

  net::testing::RawSocket socket_;
  SSL* ssl_;
  bool connected_ = false;
  std::string request_;
  std::string heard_;
};

struct Load {
  std::string head;                                // up to the Content-Length
  std::function<std::string(std::uint64_t)> body;  // of the request with that number
  int wanted = 200;
};

/// 64 clients in a child process for so long; their good answers, a second.
double drive(std::uint16_t port, const Load& load, double seconds, std::uint64_t first) {
  int told[2];
  if (::pipe(told) != 0) std::exit(1);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "clients");  // a profiler tells them apart
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    std::atomic<std::uint64_t> good{0};
    std::atomic<std::uint64_t> next{first};
    const auto until = now_s() + seconds;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] {
          Client client(port, context);
          while (now_s() < until) good += client.ask(load.head, load.body(next++)) == load.wanted ? 1 : 0;
        });
    }
    const std::uint64_t count = good;
    if (::write(told[1], &count, sizeof count) < 0) std::_Exit(1);
    std::_Exit(0);
  }
  std::uint64_t count = 0;
  if (::read(told[0], &count, sizeof count) != sizeof count) std::exit(1);
  ::waitpid(child, nullptr, 0);
  ::close(told[0]);
  ::close(told[1]);
  return static_cast<double>(count) / seconds;
}

std::string head_of(std::string_view target, std::string_view authorization, std::string_view type) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Type: {}\r\n",
                     target,
                     authorization,
                     type);
}

double store_rate(store::Store& store, double seconds, std::uint64_t first) {
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> next{first};
  const auto until = now_s() + seconds;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        while (now_s() < until) {
          const auto document = need(model::JsonDocument::parse(object(next++)));
          auto read = model::read_object(document.root());
          if (!read) std::exit(1);
          const store::NewHolding holding{.object = std::move(*read),
                                          .text = {},
                                          .source = {},
                                          .collection = {},
                                          .label = {},
                                          .parts = {}};
          if (store.objects().put({&holding, 1}, Deadline::none())) ++done;
        }
      });
  }
  return static_cast<double>(done) / seconds;
}

/// All callers are the same one here, which is the worst case: every thread writes the same two buckets.
double limits_rate(double seconds) {
  constexpr TokenBuckets::Rule never{.per_second = 1'000'000, .seconds = 3600};
  RequestLimits limits(system_clock(), {.account = never, .address = never, .member = never});
  const auto account = AccountId::random(system_random());
  const net::Request request{.peer_address = "127.0.0.1"};
  std::atomic<std::uint64_t> asked{0};
  const auto until = now_s() + seconds;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        std::uint64_t mine = 0;
        while (now_s() < until)
          for (int turn = 0; turn < 1000; ++turn, ++mine) {
            (void)limits.on_arrival(request, RequestLimits::Count::now);
            (void)limits.of_account(request, account, RequestLimits::Count::now);
          }
        asked += mine;
      });
  }
  return static_cast<double>(asked) / seconds;
}

struct Measured {
  double rate = 0;
  double cpu_us = 0;  // for each answer
};

/// Runs `work`, which gives how many a second it did, and prints that.
Measured measured(std::string_view name, const Measured& store, double floor_us, auto&& work) {
  const auto begun = now_s();
  const auto cpu = cpu_s();
  const auto clients_cpu = cpu_s(RUSAGE_CHILDREN);
  const double rate = work();
  const double each = 1e6 / (rate * (now_s() - begun));
  const Measured taken{.rate = rate, .cpu_us = (cpu_s() - cpu) * each};
  fmt::print(R"({{"benchmark":"{}","per_second":{:.0f},"ratio_to_store":{:.2f},"cpu_us":{:.2f},)"
             R"("client_cpu_us":{:.1f},"cpu_ratio":{:.2f}}})"
             "\n",
             name,
             rate,
             store.rate > 0 ? rate / store.rate : 1,
             taken.cpu_us,
             (cpu_s(RUSAGE_CHILDREN) - clients_cpu) * each,
             floor_us > 0 ? taken.cpu_us / floor_us : 1);
  std::fflush(stdout);
  return taken;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  const std::string base = argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string();
  Config config;
  config.threads = argc > 3 ? std::atoi(argv[3]) : 0;
  const auto folder = fmt::format("{}/server_bench.{}", base, ::getpid());
  log::set_level(log::Level::off);
  {
    Serving serving(folder, threads_of(config));
    fmt::print(R"({{"threads":{}}})"
               "\n",
               threads_of(config));
    const auto port = serving.server->port(0);
    const std::string_view only = argc > 4 ? argv[4] : "";
    const auto wanted = [&](std::string_view name) { return only.empty() || name == only; };
    if (wanted("limits"))
      measured(
          "limits of one address and account, 64 threads", {}, 0, [&] { return limits_rate(seconds / 5); });
    if (wanted("syncs"))
      measured("syncs one after the other", {}, 0, [&] { return syncs_per_second(folder, seconds / 2); });
    Measured store;
    if (wanted("store"))
      store = measured(
          "store, 64 threads", {}, 0, [&] { return store_rate(serving.node->store(), seconds, 1ull << 40); });
    const Load api{
        .head = head_of("/api/v1/objects?circle=c&tlp=amber", "Bearer " + serving.key, "application/json"),
        .body = object};
    auto floor_us = store.cpu_us;
    if (wanted("nothing")) {
      const auto idle = serving.answering_nothing();
      const auto nothing = measured("nothing, POST over TLS, 64 clients", store, 0, [&] {
        return drive(idle->port(0), api, seconds, 2ull << 40);
      });
      floor_us += nothing.cpu_us;
      idle->stop(::shieldwall::seconds(5));
    }
    if (wanted("api"))
      measured("POST /api/v1/objects over TLS, 64 clients", store, floor_us, [&] {
        return drive(port, api, seconds, 2ull << 40);
      });
    const Load taxii{.head = head_of(fmt::format("/default/collections/{}/objects/", serving.circle),
                                     "Basic " + to_base64(fmt::format("bench:{}", password)),
                                     "application/taxii+json;version=2.1") +
                             "Accept: application/taxii+json;version=2.1\r\n",
                     .body = [](std::uint64_t number) { return R"({"objects":[)" + object(number) + "]}"; },
                     .wanted = 202};
    if (wanted("taxii")) {
      drive(port, taxii, 1, 4ull << 40);  // the password is verified once, by argon2id
      measured("POST to a TAXII collection over TLS, 64 clients", store, floor_us, [&] {
        return drive(port, taxii, seconds, 3ull << 40);
      });
    }
    const Load read{.head = "GET /api/v1/objects?limit=100 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                            serving.key + "\r\n",
                    .body = [](std::uint64_t) { return std::string(); }};
    if (wanted("read"))
      measured("GET pages of 100 over TLS, 64 clients", store, floor_us, [&] {
        return drive(port, read, seconds, 0);
      });
    serving.server->stop(::shieldwall::seconds(5));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
