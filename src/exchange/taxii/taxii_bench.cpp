// How fast pages leave: time in the handler by page size and reader, then whole requests a second over
// loopback, in clear and over TLS.
//   taxii_bench [BUNDLE.json[.gz]]   default: the ATT&CK enterprise bundle beside the checkout, else 25,000
//                                    objects of our own

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#define DOCTEST_CONFIG_IMPLEMENT
#include "exchange/taxii/taxii_world.h"
#include "net/certificate.h"
#include "net/client.h"
#include "net/server.h"
#include "wire/compression.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

using Clocked = std::chrono::steady_clock;

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

void time_pages(World& world, const api::Caller& who, std::string_view reader, int limit) {
  std::vector<double> times;
  std::size_t bytes = 0;
  std::string next;
  for (bool more = true; more && times.size() < 300;) {
    const auto target = fmt::format("/api1/collections/intel/objects/?limit={}{}", limit, next);
    const auto begun = Clocked::now();
    const auto response = world.get(who, target);
    times.push_back(ms_since(begun));
    bytes += response.bytes().size();
    const auto text = response.bytes().substr(0, 300);
    const auto at = text.find("\"next\":\"");
    more = at != text.npos;
    if (more) next = "&next=" + std::string(text.substr(at + 8, text.find('"', at + 8) - at - 8));
  }
  std::ranges::sort(times);
  fmt::print(
      "{:10} limit={:<5} {:4} pages, {:7.1f} KB mean: median {:.3f} ms, p99 {:.3f} ms, worst {:.3f} ms\n",
      reader,
      limit,
      times.size(),
      static_cast<double>(bytes) / 1000 / static_cast<double>(times.size()),
      times[times.size() / 2],
      times[times.size() * 99 / 100],
      times.back());
}

void over_loopback(World& world, const api::Caller& who, bool tls) {
  ThreadPool pool(2, 1'000);
  const auto authority = *net::make_authority({.common_name = "bench", .valid_from = system_clock().now()});
  net::ListenerOptions listener;
  if (tls)
    listener.tls = *net::make_certificate(
        {.common_name = "localhost", .names = {"localhost", "127.0.0.1"}, .valid_from = system_clock().now()},
        authority);
  auto server = net::Server::start(
      {.listeners = {listener}},
      [&](net::Request&& request) { return world.handle(who, std::move(request)); },
      pool);
  if (!server) return fmt::print("no server: {}\n", server.error().message);
  const auto url =
      *net::Url::parse(fmt::format("{}://127.0.0.1:{}/api1/collections/intel/objects/?limit=1000",
                                   tls ? "https" : "http",
                                   (*server)->port()));
  std::atomic<int> done{0};
  std::atomic<std::uint64_t> bytes{0};
  const auto begun = Clocked::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&] {
        net::Client client({});
        const auto trust = std::make_shared<const net::PeerTrust>(
            net::PeerTrust{.ca_pem = authority.certificate_chain_pem, .may_be_private = true});
        while (ms_since(begun) < 5'000) {
          const auto response =
              client.send(url, {.headers = {{"Accept", std::string(media_type)}}}, {.peer = trust});
          if (!response || response->status != 200) return fmt::print("failed\n");
          ++done;
          bytes += response->bytes().size();
        }
      });
  }
  const auto took = ms_since(begun) / 1000;
  fmt::print("1,000-object pages {}: {:.0f} requests/s, {:.0f} MB/s (two clients in the same process)\n",
             tls ? "over TLS" : "in clear",
             done / took,
             static_cast<double>(bytes) / 1e6 / took);
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
    const auto ann = world.caller_of(world.cert, "ann");
    const auto bob = world.caller_of(world.company, "bob");
    load(world, ann, objects_of(path));
    for (const int limit : {100, 1'000}) {
      time_pages(world, ann, "own", limit);
      time_pages(world, bob, "other", limit);
    }
    for (const bool tls : {false, true}) over_loopback(world, bob, tls);
  }
  std::filesystem::remove_all(folder);
}
