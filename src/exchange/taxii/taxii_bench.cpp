// How fast pages leave: time in the handler by page size and reader, delivery entry included, then whole
// requests a second over loopback, in clear and over TLS, beside the floor: the same bytes as static answers.
//   taxii_bench [BUNDLE.json[.gz]]   default: the ATT&CK enterprise bundle beside the checkout, else 25,000
//                                    objects of our own

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT
#include "exchange/taxii/taxii_world.h"
#include "ledger/delivery.h"
#include "net/certificate.h"
#include "net/client.h"
#include "net/server.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

using Clocked = std::chrono::steady_clock;

/// Processor time of this thread, which other work on the machine does not lengthen.
double cpu_ms() {
  timespec at{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e3 + static_cast<double>(at.tv_nsec) / 1e6;
}

double ms_since(Clocked::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clocked::now() - begun).count();
}

std::vector<std::string> objects_of(const std::string& path) {
  std::vector<std::string> objects;
  auto packed = read_file(system_fs(), path, 1u << 30);
  if (!packed) {
    for (int i = 0; i < 25'000; ++i)
      objects.push_back(indicator(i, 0, fmt::format(R"(,"description":"{}")", std::string(1'200, 'd'))));
    return objects;
  }
  const auto text = path.ends_with(".gz") ? *wire::gunzip(*packed, 1u << 30) : *packed;
  model::ObjectSplitter splitter;
  if (!splitter.push(text, objects) || !splitter.finish()) std::exit(4);
  return objects;
}

void load(World& world, const api::Caller& who, const std::vector<std::string>& objects) {
  const auto begun = Clocked::now();
  std::string body;
  std::size_t stored = 0;
  const auto flush = [&] {
    const auto response =
        world.ask(who, net::Method::post, "/api1/collections/intel/objects/", "{\"objects\":[" + body + "]}");
    stored += std::stoul(Answer(response).number("success_count"));
    body.clear();
  };
  for (const auto& object : objects) {
    if (body.size() + object.size() > (8u << 20)) flush();
    body += (body.empty() ? "" : ",") + object;
  }
  flush();
  const auto took = ms_since(begun);
  fmt::print("POST: {} of {} objects in {:.0f} ms, {:.0f} objects/s\n",
             stored,
             objects.size(),
             took,
             static_cast<double>(objects.size()) / took * 1000);
}

struct Times {
  std::vector<double> wall{};
  std::vector<double> cpu{};
  Clocked::time_point begun{};
  double cpu_begun = 0;

  void begin() {
    begun = Clocked::now();
    cpu_begun = cpu_ms();
  }
  void end() {
    cpu.push_back(cpu_ms() - cpu_begun);
    wall.push_back(ms_since(begun));
  }
};

void tell_times(std::string_view what, Times taken, std::size_t bytes) {
  auto& times = taken.wall;
  std::ranges::sort(times);
  std::ranges::sort(taken.cpu);
  fmt::print(
      "{:44} {:4} times, {:7.1f} KB mean: median {:.3f} ms, p99 {:.3f} ms, worst {:.3f} ms; "
      "processor: median {:.3f}, p99 {:.3f}\n",
      what,
      times.size(),
      static_cast<double>(bytes) / 1000 / static_cast<double>(times.size()),
      times[times.size() / 2],
      times[times.size() * 99 / 100],
      times.back(),
      taken.cpu[taken.cpu.size() / 2],
      taken.cpu[taken.cpu.size() * 99 / 100]);
}

/// The addresses of all pages, as this account is led from one to the next.
std::vector<std::string> time_pages(World& world,
                                    const api::Caller& who,
                                    std::string_view reader,
                                    int limit) {
  Times times;
  std::vector<std::string> targets;
  std::size_t bytes = 0;
  std::string next;
  for (bool more = true; more && times.wall.size() < 300;) {
    targets.push_back(fmt::format("/api1/collections/intel/objects/?limit={}{}", limit, next));
    times.begin();
    const auto response = world.get(who, targets.back());
    times.end();
    bytes += response.bytes().size();
    const auto text = response.bytes().substr(0, 300);
    const auto at = text.find("\"next\":\"");
    more = at != text.npos;
    if (more) next = "&next=" + std::string(text.substr(at + 8, text.find('"', at + 8) - at - 8));
  }
  tell_times(fmt::format("limit={} {}", limit, reader), times, bytes);
  return targets;
}

void time_again(World& world,
                const api::Caller& who,
                std::string_view how,
                const std::vector<std::string>& targets) {
  Times times;
  std::size_t bytes = 0;
  for (const auto& target : targets) {
    times.begin();
    const auto response = world.get(who, target);
    times.end();
    bytes += response.bytes().size();
  }
  tell_times(how, times, bytes);
}

/// The part of the above that waits for the disk: one entry of 1,000 versions.
void time_delivery(World& world, const api::Caller& who) {
  std::vector<ledger::DeliveredVersion> versions(1'000);
  for (auto& version : versions) version.id = {"indicator", Uuid::random(system_random())};
  Times times;
  for (int i = 0; i < 100; ++i) {
    versions.front().id.uuid = Uuid::random(system_random());
    const net::Request request;
    const auto now = world.clock.now();
    const api::Call call{world.services, request, {}, {}, who, now, Deadline::none()};
    times.begin();
    if (!ledger::note_delivery(call, "bench", ledger::root_of(versions), versions)) std::exit(5);
    times.end();
  }
  tell_times("delivery entry of 1,000 versions, durable", times, 0);
}

/// Two clients in this process ask for the pages in turn for some seconds.
double pages_per_second(const net::Handler& handler, const std::vector<std::string>& targets, bool tls) {
  ThreadPool pool(2, 1'000);
  const auto authority = *net::make_authority({.common_name = "bench", .valid_from = system_clock().now()});
  net::ListenerOptions listener;
  if (tls)
    listener.tls = *net::make_certificate(
        {.common_name = "localhost", .names = {"localhost", "127.0.0.1"}, .valid_from = system_clock().now()},
        authority);
  auto server = net::Server::start({.listeners = {listener}}, handler, pool);
  if (!server) std::exit(5);
  const auto origin = fmt::format("{}://127.0.0.1:{}", tls ? "https" : "http", (*server)->port());
  std::atomic<int> done{0};
  const auto begun = Clocked::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 2; ++i)
      threads.emplace_back([&, i] {
        net::Client client({});
        const auto trust = std::make_shared<const net::PeerTrust>(
            net::PeerTrust{.ca_pem = authority.certificate_chain_pem, .may_be_private = true});
        for (auto at = i * targets.size() / 2; ms_since(begun) < 4'000; ++at) {
          const auto url = *net::Url::parse(origin + targets[at % targets.size()]);
          const auto response =
              client.send(url, {.headers = {{"Accept", std::string(media_type)}}}, {.peer = trust});
          if (!response || response->status != 200) std::exit(5);
          ++done;
        }
      });
  }
  return done / (ms_since(begun) / 1000);
}

/// Ours beside the floor: the same bytes as static answers of the same server.
void over_loopback(World& world, const api::Caller& who, const std::vector<std::string>& targets, bool tls) {
  std::map<std::string, std::shared_ptr<const Bytes>, std::less<>> bodies;
  std::size_t bytes = 0;
  for (const auto& target : targets) {
    const auto body = std::make_shared<const Bytes>(world.get(who, target).bytes());
    bytes += body->size();
    bodies.emplace(target, body);
  }
  const auto fixed = [&](net::Request&& request) {
    net::Response response{.headers = {{"Content-Type", std::string(media_type)}}};
    response.shared_body = bodies.find(request.target)->second;
    return response;
  };
  const auto floor = pages_per_second(fixed, targets, tls);
  const auto ours = pages_per_second(
      [&](net::Request&& request) { return world.handle(who, std::move(request)); }, targets, tls);
  fmt::print(
      "{} pages of {} KB {}: {:.0f} pages/s; floor, the same bytes as static answers: {:.0f}; ratio {:.2f}\n",
      targets.size(),
      bytes / targets.size() / 1000,
      tls ? "over TLS" : "in clear",
      ours,
      floor,
      ours / floor);
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context asserts;
  asserts.setAsDefaultForAssertsOutOfTestCases();
  const std::string path =
      argc > 1 ? argv[1] : SHIELDWALL_SOURCE_DIR "/../shared/data/attack/enterprise-attack-18.1.json.gz";
  const auto folder = std::filesystem::temp_directory_path() / "shieldwall-taxii-bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    World world(&system_random(), folder.string());
    world.add_circle("intel", {world.cert, world.company});
    world.add_circle("other", {world.cert});
    const auto ann = world.caller_of(world.cert, "ann");
    const auto bob = world.caller_of(world.company, "bob");
    load(world, ann, objects_of(path));
    const auto eve = world.caller_of(world.company, "eve");
    std::vector<std::string> pages;
    for (const int limit : {100, 1'000}) {
      time_pages(world, ann, "own", limit);
      time_pages(world, bob, "other", limit);
      pages = time_pages(world, eve, "other's colleague", limit);
      time_again(world, eve, "  the same once more", pages);
      // A change elsewhere makes kept pages stale; that they were delivered is known and not written again.
      world.ask(ann,
                net::Method::post,
                "/api1/collections/other/objects/",
                envelope({indicator(limit, 0, R"(,"confidence":1)")}));
      time_again(world, eve, "  made anew, without the entry's wait", pages);
    }
    time_delivery(world, ann);
    for (const bool tls : {false, true}) over_loopback(world, eve, pages, tls);
  }
  std::filesystem::remove_all(folder);
}
