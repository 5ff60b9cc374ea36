// What an alliance costs, with real nodes in processes of their own over loopback TCP and mutual TLS:
// federation_bench [OBJECTS of the first sync, 100000] [DIFFERENCES, 1000] [FOLDER]
//
//   import     OBJECTS taken in by a node of no alliance, through its local socket: the floor of all below
//   release    the same into an alliance's circle: signed, sealed and queued for one member
//   sync       a member that was away fetches, verifies and stores them; CPU seconds of both nodes
//   floor      DIFFERENCES more, fetched by their numbers: what just sending them takes
//   reconcile  DIFFERENCES more are lost on their way, so that numbers say nothing: found by comparing the
//              sets of all, told again, stored; bytes on the wire both ways, TLS included
//   share      100 shares a second for 10 s: from the POST at one node to the object's being held at the
//              other, and to its value's being found by a matcher that follows that node as `watch` does

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "detect/live_matcher.h"
#include "detect/record.h"
#include "exchange/federation/book.h"
#include "exchange/federation/joining.h"
#include "exchange/federation/outbox.h"
#include "model/json.h"
#include "net/client.h"
#include "net/server.h"
#include "server/folder.h"
#include "server/serve.h"

namespace {

using namespace shieldwall;
using namespace shieldwall::server;
using net::Method;

constexpr int objects_of_request = 2'000;
constexpr int shares_per_s = 100;

double now_s() {
  return static_cast<double>(system_clock().steady().us) / 1e6;
}

void nap(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

template <typename T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "federation_bench: {}\n", result.error().message);
  std::exit(1);
}
void need(Done done) {
  if (done) return;
  fmt::print(stderr, "federation_bench: {}\n", done.error().message);
  std::exit(1);
}

/// About 1.5 KB, as ATT&CK's objects.
std::string object(std::uint64_t series, std::uint64_t number) {
  return fmt::format(
      R"({{"type":"indicator","spec_version":"2.1","id":"indicator--{0:08x}-0000-4000-8000-{1:012x}",)"
      R"("created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z","name":"n{1}",)"
      R"("pattern":"[domain-name:value = 'h{0}-{1}.example']","pattern_type":"stix",)"
      R"("valid_from":"2020-01-01T00:00:00Z","description":"{2:x<1150}"}})",
      series,
      number,
      "");
}

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof(address);
  ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

/// Passes connections on and counts what goes through.
class CountingProxy {
 public:
  explicit CountingProxy(std::uint16_t to) : to_(to) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    auto address = at(0);
    socklen_t size = sizeof(address);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 64);
    std::thread([this] { accept(); }).detach();
  }
  std::uint16_t port() const { return port_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  static sockaddr_in at(std::uint16_t port) {
    return {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  }
  void accept() {
    for (;;) {
      const int in = ::accept(listener_, nullptr, nullptr);
      if (in < 0) return;
      const int out = ::socket(AF_INET, SOCK_STREAM, 0);
      const auto address = at(to_);
      if (::connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        ::close(in);
        ::close(out);
        continue;
      }
      std::thread([this, in, out] { pass(in, out); }).detach();
    }
  }
  void pass(int a, int b) {
    std::string buffer(256u << 10, '\0');
    pollfd ends[] = {{.fd = a, .events = POLLIN, .revents = 0}, {.fd = b, .events = POLLIN, .revents = 0}};
    for (bool open = true; open && ::poll(ends, 2, -1) > 0;)
      for (int i = 0; i < 2 && open; ++i)
        if (ends[i].revents != 0) open = pass_some(ends[i].fd, ends[1 - i].fd, buffer);
    ::close(a);
    ::close(b);
  }
  bool pass_some(int from, int to, std::string& buffer) {
    const auto got = ::recv(from, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    bytes_ += static_cast<std::uint64_t>(got);
    for (ssize_t sent = 0; sent < got;) {
      const auto more = ::send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += more;
    }
    return true;
  }

  std::uint16_t to_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<std::uint64_t> bytes_{0};
};

std::atomic<bool> told_to_stop{false};

/// `federation_bench --serve FOLDER PORT ADDRESS`: one node, as `shieldwall serve` runs it.
int serve_node(const std::string& folder, const std::string& port, const std::string& address) {
  std::signal(SIGTERM, [](int) { told_to_stop = true; });
  log::set_level(log::Level::error);
  auto config = need(read_folder_config(system_fs(), folder));
  config.tools.port = 0;
  config.members.enabled = port != "0";
  config.members.port = static_cast<std::uint16_t>(std::atoi(port.c_str()));
  config.alliance_address = address;
  need(serve(
      folder, config, [](const auto&) {}, [] { return told_to_stop.load(); }));
  return 0;
}

/// A node in a process of its own, asked over its local socket as its own operator.
class NodeProcess {
 public:
  NodeProcess(const std::string& folder, const std::string& name, std::uint16_t port, std::string address)
      : folder_(folder + "/" + name), port_(port), address_(std::move(address)) {
    InitOptions wish{.folder = folder_};
    wish.founding.organisation = {.id = OrganisationId::random(system_random()), .name = name};
    wish.founding.organisation.identity = ledger::identity_of(wish.founding.organisation.id);
    wish.config.name = name;
    need(init_folder(wish, system_clock(), system_random(), system_fs()));
    home = wish.founding.organisation.id;
    start();
  }
  ~NodeProcess() { stop(); }

  void start() {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl("/proc/self/exe",
              "federation_bench",
              "--serve",
              folder_.c_str(),
              std::to_string(port_).c_str(),
              address_.c_str(),
              nullptr);
      ::_exit(127);
    }
    net::ClientOptions options;
    options.local_socket = folder_ + "/node.sock";
    client_ = std::make_unique<net::Client>(std::move(options));
    while (ask(Method::get, "/healthz").status != 200) nap(0.05);
  }
  void stop() {
    if (pid_ == 0) return;
    client_.reset();
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  net::Response ask(Method method, std::string_view target, std::string body = {}) {
    net::Request request{.method = method, .body = std::move(body)};
    if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
    const auto url = need(net::Url::parse("http://localhost" + std::string(target)));
    const auto answer = client_->send(url, std::move(request), Deadline::in(seconds(120), system_clock()));
    return answer ? *answer : net::problem(599, answer.error().message);
  }
  model::JsonDocument told(Method method, std::string_view target, std::string body = {}) {
    const auto answer = ask(method, target, std::move(body));
    if (answer.status / 100 != 2) {
      fmt::print(stderr, "federation_bench: {}: {}\n", target, answer.bytes());
      std::exit(1);
    }
    return need(model::JsonDocument::parse(std::string(answer.bytes())));
  }
  /// Of the process, user and system.
  double cpu_s() const {
    std::ifstream file(fmt::format("/proc/{}/stat", pid_));  // which says that it has no bytes
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  /// That the process ever held at once.
  std::uint64_t most_mb() const {
    std::ifstream file(fmt::format("/proc/{}/status", pid_));
    std::uint64_t kib = 0;
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("VmHWM:")) kib = std::stoull(line.substr(line.find_first_of("0123456789")));
    return kib >> 10;
  }
  const std::string& folder() const { return folder_; }

  OrganisationId home{};

 private:
  std::string folder_;
  std::uint16_t port_;
  std::string address_;
  pid_t pid_ = 0;
  std::unique_ptr<net::Client> client_;
};

void import(NodeProcess& node, std::uint64_t series, int count, std::string_view circle) {
  for (int from = 0; from < count; from += objects_of_request) {
    std::string body = R"({"objects":[)";
    for (int i = from; i < std::min(count, from + objects_of_request); ++i)
      body += (i == from ? "" : ",") + object(series, static_cast<std::uint64_t>(i));
    node.told(Method::post,
              circle.empty() ? "/api/v1/imports" : fmt::format("/api/v1/imports?circle={}", circle),
              body + "]}");
  }
}

std::uint64_t number_of(const model::Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found ? std::strtoull(std::string(found->number()).c_str(), nullptr, 10) : 0;
}

/// A number that the node tells about the other member of its alliance.
std::uint64_t of_member(NodeProcess& node, std::string_view name) {
  const auto answer = node.told(Method::get, "/api/v1/alliances");
  const auto alliances = answer.root().find("alliances");
  for (const auto alliance : *alliances) {
    const auto members = alliance.find("members");
    for (const auto member : *members)
      if (member.find(name)) return number_of(member, name);
  }
  return 0;
}

/// A matcher that follows a node as `shieldwall watch` does: three times a second it is told what was added.
class Follower {
 public:
  Follower(NodeProcess& node, int values)
      : node_(node), live_(static_cast<std::size_t>(values)), matcher_(detect::compile({}, {})) {
    const auto answer = node_.told(Method::get, "/api/v1/objects?type=indicator&order=newest&limit=1");
    note_newest(answer.root());
    following_ = std::thread([this] {
      while (found_ < live_.size()) {
        nap(0.3);
        follow();
      }
    });
  }
  ~Follower() { following_.join(); }
  /// When each value was found first; once all are.
  std::vector<double> live() {
    while (found_ < live_.size()) nap(0.02);
    return live_;
  }

 private:
  void note_newest(const model::Json& answer) {
    const auto objects = answer.find("objects");
    for (const auto entry : *objects)
      if (const auto added = entry.find("added")) newest_ = added->string();
  }
  void follow() {
    const auto answer = node_.told(
        Method::get,
        "/api/v1/objects?type=indicator&order=oldest&limit=1000&added_after=" + net::percent_encode(newest_));
    note_newest(answer.root());
    detect::MatcherChange change;
    const auto objects = answer.root().find("objects");
    for (const auto entry : *objects) {
      auto indicator = detect::indicator_of(*entry.find("object"), "node");
      if (indicator) change.added.push_back(std::move(*indicator));
    }
    if (change.added.empty()) return;
    matcher_.change(std::move(change), system_clock().now());
    look();
  }
  void look() {
    detect::Scanner scanner(matcher_.now());
    for (std::size_t i = 0; i < live_.size(); ++i) {
      if (live_[i] > 0) continue;
      const auto value = fmt::format("h5-{}.example", i);
      const detect::Record record{.line = 1, .fields = {{.name = "query", .value = value}}};
      if (scanner.scan(record).empty()) continue;
      live_[i] = now_s();
      ++found_;
    }
  }

  NodeProcess& node_;
  std::vector<double> live_;
  std::atomic<std::size_t> found_{0};
  std::string newest_;
  detect::LiveMatcher matcher_;
  std::thread following_;
};

void wait_until(const std::function<bool()>& done) {
  while (!done()) nap(0.02);
}

/// Without asking so often that the answers are a part of what is measured.
void wait_long_until(const std::function<bool()>& done) {
  while (!done()) nap(0.2);
}

class Bench {
 public:
  Bench(std::string folder, int objects, int differences)
      : folder_(std::move(folder)),
        objects_(objects),
        differences_(differences),
        port_(free_port()),
        proxy_(port_),
        a_(folder_, "a", port_, fmt::format("127.0.0.1:{}", proxy_.port())),
        b_(folder_, "b", 0, "") {}

  void run() {
    measure_import();
    a_.told(Method::post, "/api/v1/alliances", R"({"name":"shield"})");
    const auto answer = a_.told(Method::post, "/api/v1/alliances/shield/invitations");
    b_.told(Method::post,
            "/api/v1/alliances/join",
            fmt::format(R"({{"invitation":"{}"}})", answer.root().find("invitation")->string()));
    b_.stop();
    measure_release();
    measure_sync();
    measure_floor();
    measure_reconcile();
    measure_shares();
  }

 private:
  void measure_import() {
    NodeProcess alone(folder_, "alone", 0, "");
    const auto begun = now_s();
    const auto cpu = alone.cpu_s();
    import(alone, 1, objects_, "");
    const auto took = now_s() - begun;
    fmt::print("import     {} objects in {:.1f} s: {:.0f}/s, {:.1f} CPU s\n",
               objects_,
               took,
               objects_ / took,
               alone.cpu_s() - cpu);
    std::fflush(stdout);
  }

  void release(std::uint64_t series, int count) {
    const auto before = of_member(a_, "sent");
    import(a_, series, count, "shield");
    wait_long_until([&] { return of_member(a_, "sent") >= before + static_cast<std::uint64_t>(count); });
    nap(0.2);
  }

  void measure_release() {
    const auto begun = now_s();
    const auto cpu = a_.cpu_s();
    release(2, objects_);
    const auto took = now_s() - begun;
    fmt::print("release    {} objects in {:.1f} s: {:.0f}/s imported, signed and sealed, {:.1f} CPU s\n",
               objects_,
               took,
               objects_ / took,
               a_.cpu_s() - cpu);
    std::fflush(stdout);
  }

  bool all_taken() { return of_member(a_, "acknowledged") >= of_member(a_, "sent"); }

  /// From the first byte that the member sends, so that its start does not count.
  double fetched_in(double pause = 0.02) {
    const auto before = proxy_.bytes();
    b_.start();
    wait_until([&] { return proxy_.bytes() > before; });
    const auto begun = now_s();
    while (!all_taken()) nap(pause);
    return now_s() - begun;
  }

  void measure_sync() {
    const auto cpu = a_.cpu_s();
    const auto bytes = proxy_.bytes();
    const auto took = fetched_in(0.2);
    fmt::print(
        "sync       {} objects in {:.1f} s: {:.0f}/s; CPU s: sender {:.1f}, receiver {:.1f}; {:.0f} bytes "
        "each; most memory: {} and {} MB\n",
        objects_,
        took,
        objects_ / took,
        a_.cpu_s() - cpu,
        b_.cpu_s(),
        static_cast<double>(proxy_.bytes() - bytes) / objects_,
        a_.most_mb(),
        b_.most_mb());
    std::fflush(stdout);
  }

  void measure_floor() {
    b_.stop();
    release(3, differences_);
    const auto bytes = proxy_.bytes();
    const auto took = fetched_in();
    floor_bytes_ = proxy_.bytes() - bytes;
    fmt::print("floor      {} objects by number in {:.2f} s, {} bytes\n", differences_, took, floor_bytes_);
    std::fflush(stdout);
  }

  /// The receiver's place moves over what it was not given; as if its disk had lost it.
  void lose() {
    const auto stores = [&](NodeProcess& node) {
      return need(store::open_sqlite(
          node.folder() + "/store", {.clock = system_clock(), .random = system_random(), .fs = system_fs()}));
    };
    namespace f = exchange::federation;
    const auto of_a = stores(a_);
    const auto of_b = stores(b_);
    const store::Write write{.table = ledger::peer_table,
                             .key = f::in_key(a_.home),
                             .value = f::encode(need(f::out_stand(of_a->records(), b_.home))),
                             .expected = std::nullopt};
    need(of_b->records().write({&write, 1}));
  }

  void measure_reconcile() {
    b_.stop();
    release(4, differences_);
    a_.stop();
    lose();
    a_.start();
    b_.start();
    wait_until([&] { return all_taken(); });
    nap(2.5);  // polls as in quiet times
    const auto bytes = proxy_.bytes();
    const auto cpu_a = a_.cpu_s();
    const auto cpu_b = b_.cpu_s();
    const auto path = fmt::format("/api/v1/members/{}/reconcile", a_.home.text());
    const auto asked = now_s();
    b_.told(Method::post, path, "{}");
    double begun = 0;
    wait_until([&] {
      const auto report = b_.told(Method::get, path);
      const auto state = report.root().find("state")->string();
      if (begun == 0 && state != "due") begun = now_s() - 0.02;
      return state == "done" || state == "failed";
    });
    const auto settled = now_s();
    wait_until([&] { return all_taken(); });
    const auto ended = now_s();
    const auto report = b_.told(Method::get, path);
    const auto used = proxy_.bytes() - bytes;
    fmt::print(
        "reconcile  {} differences of {} in {:.2f} s ({:.2f} s to find and settle, {:.2f} s with the wait "
        "for the poll before), {} symbols\n",
        number_of(report.root(), "differences"),
        objects_ + 2 * differences_,
        ended - begun,
        settled - begun,
        ended - asked,
        number_of(report.root(), "symbols"));
    fmt::print(
        "           {} bytes, {:.2f} times what just sending them takes; CPU s: {:.2f} asked, {:.2f} "
        "asking\n",
        used,
        static_cast<double>(used) / static_cast<double>(floor_bytes_),
        a_.cpu_s() - cpu_a,
        b_.cpu_s() - cpu_b);
    std::fflush(stdout);
  }

  void measure_shares() {
    constexpr int count = 10 * shares_per_s;
    Follower follower(b_, count);
    std::vector<std::atomic<double>> shared(count);
    std::thread sharing([&] {
      const auto begun = now_s();
      for (int i = 0; i < count; ++i) {
        const auto at = begun + static_cast<double>(i) / shares_per_s;
        if (now_s() < at) nap(at - now_s());
        shared[static_cast<std::size_t>(i)] = now_s();
        a_.told(Method::post, "/api/v1/objects?circle=shield", object(5, static_cast<std::uint64_t>(i)));
      }
    });
    std::vector<double> held;
    for (int i = 0; i < count; ++i) {
      const auto target = fmt::format("/api/v1/objects/indicator--{:08x}-0000-4000-8000-{:012x}", 5, i);
      while (b_.ask(Method::get, target).status != 200) nap(0.002);
      held.push_back(now_s() - shared[static_cast<std::size_t>(i)]);
    }
    sharing.join();
    auto live = follower.live();
    for (std::size_t i = 0; i < live.size(); ++i) live[i] -= shared[i];
    tell_share("to held at the other", std::move(held));
    tell_share("to found by its matcher", std::move(live));
  }

  static void tell_share(std::string_view what, std::vector<double> took) {
    std::ranges::sort(took);
    fmt::print("share      {}, {} a second: p50 {:.0f} ms, p99 {:.0f} ms, worst {:.0f} ms\n",
               what,
               shares_per_s,
               took[took.size() / 2] * 1e3,
               took[took.size() * 99 / 100] * 1e3,
               took.back() * 1e3);
    std::fflush(stdout);
  }

  std::string folder_;
  int objects_;
  int differences_;
  std::uint64_t floor_bytes_ = 1;
  std::uint16_t port_;
  CountingProxy proxy_;
  NodeProcess a_;
  NodeProcess b_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--serve") return serve_node(argv[2], argv[3], argv[4]);
  log::set_level(log::Level::error);
  const int objects = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int differences = argc > 2 ? std::atoi(argv[2]) : 1'000;
  const std::string folder =
      (argc > 3 ? std::filesystem::path(argv[3]) : std::filesystem::temp_directory_path()) /
      ("federation-bench-" + Uuid::random(system_random()).text());
  std::filesystem::create_directories(folder);
  Bench(folder, objects, differences).run();
  std::filesystem::remove_all(folder);
  return 0;
}
