// Requests from outside, as this room's routes read them: the first line is "METHOD target", the rest the
// body. Whatever comes, an answer goes out; nothing crashes, hangs, or is half stored.

#include <cstdlib>
#include <memory>
#include <string_view>

#include "api/route.h"
#include "api/seal.h"
#include "ledger/circle.h"
#include "ledger/organisation.h"
#include "library/library.h"

namespace {

using namespace shieldwall;

class NoNet final : public net::Net {
 public:
  Result<net::Response> send(const net::Url&, net::Request, const net::SendOptions&) override {
    return fail(ErrorCode::unavailable, "no network here");
  }
};

/// One organisation with one circle, and an account with every right.
api::Caller caller_in(store::Store& store, Random& random, Timestamp now) {
  const OrganisationId organisation{Uuid::named(Uuid{}, "cert")};
  const ledger::Organisation row{
      .id = organisation, .name = "cert", .hosted = true, .identity = ledger::identity_of(organisation)};
  const store::Write write = *ledger::write_of(row, 0);
  if (!store.records().write({&write, 1})) std::abort();
  ledger::Circle circle{
      .id = CircleId::random(random), .owner = organisation, .title = "c", .alias = "c", .created = now};
  ledger::enter(circle, organisation);
  if (!store.records().write(*ledger::writes_of(store.records(), circle, nullptr))) std::abort();
  policy::Subject subject;
  subject.own.organisation = organisation;
  subject.own.circles = {ledger::standing_in(circle, organisation)};
  using enum api::Right;
  return {.account = AccountId{Uuid::named(Uuid{}, "account")},
          .name = "analyst",
          .organisation = organisation,
          .rights = {read, sight, publish, operate, audit},
          .scope = policy::Scope::of(std::move(subject))};
}

struct Node {
  ManualClock clock{Timestamp{1'700'000'000'000'000}};
  SeededRandom random{1};
  std::unique_ptr<store::Store> store = *store::open_memory({clock, random, system_fs()});
  api::Sealer sealer{std::string(api::Sealer::key_bytes, 'k'), random};
  NoNet net;
  api::Services services{*store, clock, random, system_fs(), net, sealer};
  api::Router router{{library::routes().begin(), library::routes().end()}};
  api::Caller caller = caller_in(*store, random, clock.now());

  void ask(net::Method method, std::string_view target, std::string_view body) {
    const auto parsed = net::parse_target(target);
    if (!parsed) return;
    const auto match = router.find(method, *parsed);
    if (match.route == nullptr) return;
    net::Request request{.method = method, .target = std::string(target), .body = std::string(body)};
    api::Call call{services, request, *parsed, match.path, caller, clock.now(), Deadline::none()};
    auto answer = match.route->handler(call);
    auto http = (answer ? std::move(*answer) : api::problem(answer.error())).into_http();
    // Our own mistakes are never the answer to bad input.
    if (http.status == 500) std::abort();
    Bytes piece;
    while (http.stream && http.stream->next(piece) == net::Poll::chunk) piece.clear();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.substr(0, text.find('\n'));
  const auto space = line.find(' ');
  const auto method = net::method_named(line.substr(0, space));
  if (!method || space == line.npos) return 0;
  const auto body = line.size() < text.size() ? text.substr(line.size() + 1) : std::string_view();
  Node node;
  node.ask(*method, line.substr(space + 1), body);
  node.ask(net::Method::get, "/api/v1/objects?version=all", "");
  return 0;
}
