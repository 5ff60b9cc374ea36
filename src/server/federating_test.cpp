// Two nodes in folders of their own, served over real sockets and TLS: one command on each side, then what
// one releases reaches the other, and what it recalls is gone there.

#include "server/federating.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>

#include "base/log.h"
#include "model/json.h"
#include "net/client.h"
#include "server/serve.h"

using namespace shieldwall;
using namespace shieldwall::server;
using net::Method;

namespace {

constexpr std::string_view indicator =
    R"({"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-00000000000a",)"
    R"("created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern_type":"stix",)"
    R"("pattern":"[domain-name:value = 'evil.example']","valid_from":"2026-01-01T00:00:00Z"})";
constexpr std::string_view indicator_path = "/api/v1/objects/indicator--00000000-0000-4000-8000-00000000000a";
constexpr std::string_view delivered_path =
    "/api/v1/delivered/indicator--00000000-0000-4000-8000-00000000000a";

/// A served node, asked over its local socket as its own operator.
class Served {
 public:
  Served(const std::string& name, bool reachable)
      : folder_(std::filesystem::temp_directory_path() /
                ("shieldwall-" + name + "-" + Uuid::random(system_random()).text())) {
    InitOptions wish{.folder = folder_.string()};
    wish.founding.organisation = {.id = OrganisationId::random(system_random()), .name = name};
    wish.founding.organisation.identity = ledger::identity_of(wish.founding.organisation.id);
    wish.config.name = name;
    REQUIRE(init_folder(wish, system_clock(), system_random(), system_fs()));
    auto config = *read_folder_config(system_fs(), wish.folder);
    config.tools.port = 0;
    config.members.enabled = reachable;
    // Only this test knows the port that the system gives: it is told through a free one found before.
    config.members.port = reachable ? free_port() : 0;
    running_ = std::thread([this, config] {
      const auto done = serve(
          folder_.string(), config, [this](const auto&) { ready_ = true; }, [this] { return stop_.load(); });
      if (!done) FAIL_CHECK(done.error().message);
      ready_ = true;
    });
    while (!ready_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    net::ClientOptions options;
    options.local_socket = (folder_ / "node.sock").string();
    client_ = std::make_unique<net::Client>(std::move(options));
  }
  ~Served() {
    stop_ = true;
    running_.join();
    std::filesystem::remove_all(folder_);
  }

  net::Response ask(Method method, std::string_view target, std::string body = {}) {
    net::Request request{.method = method, .body = std::move(body)};
    if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
    const auto url = *net::Url::parse("http://localhost" + std::string(target));
    const auto answer = client_->send(url, std::move(request), Deadline::in(seconds(30), system_clock()));
    return answer ? *answer : net::problem(599, answer.error().message);
  }
  std::string text(Method method, std::string_view target, std::string body, std::string_view member) {
    const auto answer = ask(method, target, std::move(body));
    const auto document = model::JsonDocument::parse(std::string(answer.bytes()));
    const auto found = document ? document->root().find(member) : std::nullopt;
    if (!found) FAIL(std::string(answer.bytes()));
    return std::string(found->string());
  }

 private:
  static std::uint16_t free_port() {
    net::ServerOptions options{.listeners = {{.port = 0}}};
    ThreadPool pool(1, 1);
    const auto server =
        *net::Server::start(std::move(options), [](net::Request&&) { return net::Response{}; }, pool);
    return server->port();
  }

  std::filesystem::path folder_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> stop_{false};
  std::thread running_;
  std::unique_ptr<net::Client> client_;
};

double seconds_until(Served& node, int status) {
  const auto start = system_clock().steady();
  while (node.ask(Method::get, indicator_path).status != status) {
    if (system_clock().steady().us - start.us > seconds(30).us) FAIL("not within 30 s");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return static_cast<double>(system_clock().steady().us - start.us) / 1e6;
}

}  // namespace

TEST_CASE("two served nodes join by one string, and what one releases or recalls reaches the other") {
  log::set_level(log::Level::off);
  for (const bool b_is_reachable : {true, false}) {
    Served a("a", true);
    Served b("b", b_is_reachable);
    REQUIRE(a.ask(Method::post, "/api/v1/alliances", R"({"name":"shield"})").status == 201);
    const auto invitation = a.text(Method::post, "/api/v1/alliances/shield/invitations", "", "invitation");
    const auto phrase = b.text(Method::post,
                               "/api/v1/alliances/join",
                               fmt::format(R"({{"invitation":"{}"}})", invitation),
                               "phrase");
    const auto listed = a.ask(Method::get, "/api/v1/alliances");
    CHECK(std::string(listed.bytes()).find(phrase) != std::string::npos);
    // Whoever is called releases, then whoever calls: each way has to work.
    Served& sender = b_is_reachable ? a : b;
    Served& receiver = b_is_reachable ? b : a;
    REQUIRE(sender.ask(Method::post, "/api/v1/objects?circle=shield", std::string(indicator)).status == 200);
    const auto pushed = seconds_until(receiver, 200);
    MESSAGE("released to visible: ", pushed, " s");
    const auto told = std::string(sender.ask(Method::get, delivered_path).bytes());
    CHECK(told.find(R"("door":"federation")") != std::string::npos);
    CHECK(told.find(R"("log_index":)") != std::string::npos);
    REQUIRE(sender.ask(Method::post, std::string(indicator_path) + "/recall").status == 200);
    const auto recalled = seconds_until(receiver, 404);
    MESSAGE("recalled to gone: ", recalled, " s");
  }
}
