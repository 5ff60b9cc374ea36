#include "library/changes.h"

#include <algorithm>
#include <cstring>

#include "api/seal.h"
#include "base/text.h"
#include "ledger/delivery.h"
#include "library/intake.h"
#include "library/search.h"
#include "library/view.h"

namespace shieldwall::library {

namespace {

constexpr int looked_at_once = 256;  // changes read from the store for one piece of the stream
constexpr std::string_view media_type = "text/event-stream";

std::string_view name_of(store::ChangeKind kind) {
  switch (kind) {
    case store::ChangeKind::added:
      return "added";
    case store::ChangeKind::opened:
      return "opened";
    case store::ChangeKind::withdrawn:
      return "withdrawn";
    case store::ChangeKind::deleted:
      return "deleted";
  }
  return "deleted";
}

/// Ids are of one length and tell nothing, not even how many changes lie between two of them.
std::string purpose_of(const api::Caller& caller) {
  return "changes\n" + caller.account.text() + caller.organisation.text();
}

std::string seal_sequence(const api::Sealer& sealer, std::string_view purpose, store::Sequence sequence) {
  return sealer.seal(purpose, {reinterpret_cast<const char*>(&sequence), sizeof sequence});
}

Result<store::Sequence> open_sequence(const api::Sealer& sealer,
                                      std::string_view purpose,
                                      std::string_view token) {
  const auto bytes = sealer.open(purpose, token);
  store::Sequence sequence = 0;
  if (!bytes || bytes->size() != sizeof sequence)
    return fail(ErrorCode::invalid, "no event of yours has that id; start again without it");
  std::memcpy(&sequence, bytes->data(), sizeof sequence);
  return sequence;
}

/// What an event says: its id, its kind, and the object where there is one to show.
using Event = std::pair<std::pair<std::string, std::string>, Shown>;

Bytes write_event(const Event& event) {
  const auto& [head, shown] = event;
  Bytes out = fmt::format("id: {}\nevent: {}\ndata: ", head.first, head.second);
  model::JsonWriter data;
  write_entry(data, shown.first.front(), shown.second);
  // An object's bytes may hold line ends between their tokens, which would end the field.
  for (const char c : data.text()) out += c == '\n' || c == '\r' ? ' ' : c;
  return out += "\n\n";
}

/// A change without an object to show: it is gone, or no longer this reader's to see. The store tells it only
/// to those who could see it, and names it as they knew it.
struct Gone {
  std::string token;
  std::string kind;
  std::string id;
  std::string version;
};

Bytes write_gone(const Gone& gone) {
  model::JsonWriter data;
  data.begin_object();
  data.member("id", gone.id);
  if (!gone.version.empty()) data.member("version", gone.version);
  data.end_object();
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", gone.token, gone.kind, data.text());
}

class ChangeStream final : public net::Stream {
 public:
  ChangeStream(const api::Call& call, store::Sequence after, bool once)
      : services_(call.services),
        caller_(*call.caller),
        purpose_(purpose_of(caller_)),
        after_(after),
        once_(once),
        ends_(Deadline::in(stream_life, services_.clock)) {
    if (door_of(call) == "console") from_.headers.set("Cookie", "a session's");
  }

  net::Poll next(Bytes& chunk) override {
    if (!greeted_) {
      greeted_ = true;
      // Takes the id along without an event: who is cut off before the first goes on from here.
      chunk = fmt::format("id: {}\nretry: 1000\n\n", seal_sequence(services_.sealer, purpose_, after_));
      return net::Poll::chunk;
    }
    // Some pieces of the feed hold nothing for this reader; look on rather than wait.
    while (!ends_.passed()) {
      const auto read = services_.store.objects().changes(caller_.scope, after_, looked_at_once);
      if (!read) return net::Poll::end;
      const bool at_end = read->last == after_;
      for (const auto& change : read->changes)
        if (!tell(change, chunk)) return net::Poll::end;
      after_ = read->last;
      if (!note_told()) return net::Poll::end;
      if (!chunk.empty()) return net::Poll::chunk;
      if (at_end) return once_ ? net::Poll::end : net::Poll::wait;
    }
    return net::Poll::end;
  }

  bool may_wait() const override { return true; }
  std::string_view heartbeat() const override { return ":\n\n"; }

 private:
  bool tell(const store::Change& change, Bytes& chunk) {
    auto token = seal_sequence(services_.sealer, purpose_, change.sequence);
    std::string kind(name_of(change.kind));
    if (change.holding.bytes && change.kind != store::ChangeKind::withdrawn) {
      auto event = event_of(change.holding, std::move(token), std::move(kind));
      if (!event) return false;
      if (!event->look().second.first.empty())
        chunk += policy::Released<Bytes>(event->render(write_event)).look();
      return true;
    }
    if (!may_be_told(change)) return true;
    auto gone = gone_of(change.holding);
    gone.token = std::move(token);
    gone.kind = std::move(kind);
    chunk += policy::Release::fact(gone).render(write_gone).look();
    return true;
  }

  bool is_whole(const policy::Holding& holding) const {
    return (policy::sees_all_parts(caller_.scope, holding, services_.clock.now()) &&
            holding.removed.empty()) ||
           policy::owns_every_clause(caller_.scope.subject(), holding.label);
  }

  /// What is gone is told to who could still see it; what was withdrawn, the store tells only to those who
  /// could.
  bool may_be_told(const store::Change& change) const {
    return was_shown(change.holding) && (change.kind == store::ChangeKind::withdrawn ||
                                         caller_.scope.sees(change.holding.label, services_.clock.now()));
  }

  /// A relationship or sighting without what it is about was never shown.
  bool was_shown(const policy::Holding& holding) const {
    if (is_whole(holding)) return true;
    return std::ranges::none_of(holding.removed, [](const std::string& pointer) {
      return pointer == "/source_ref" || pointer == "/target_ref" || pointer == "/sighting_of_ref";
    });
  }

  /// A redacted observable was known to this reader by its random id; its own would tell its value.
  Gone gone_of(const policy::Holding& holding) const {
    if (is_whole(holding) || std::holds_alternative<Timestamp>(holding.version) || holding.alias.is_nil())
      return {.token = {}, .kind = {}, .id = holding.id.text(), .version = text_of(holding.version)};
    return {
        .token = {}, .kind = {}, .id = model::ObjectId{holding.id.type, holding.alias}.text(), .version = {}};
  }

  /// One delivery entry for all that this piece tells, before it leaves.
  Done note_told() {
    const api::Call call{services_, from_, {}, {}, caller_, services_.clock.now(), ends_};
    return ledger::note_delivery(call, door_of(call), std::exchange(told_, {}));
  }

  Result<policy::Released<Event>> event_of(const policy::Holding& holding,
                                           std::string token,
                                           std::string kind) {
    api::Call call{services_, from_, {}, {}, caller_, services_.clock.now(), ends_};
    auto one = TRY(release_all(call, {holding}));
    for (const auto& released : one) {
      if (!must_note(call, released.look())) continue;
      auto version = TRY(ledger::delivered(call, released.look()));
      told_.push_back(std::move(version));
    }
    auto shown = TRY(show(call, std::move(one), Noted::by_caller));
    return policy::Release::both(policy::Release::fact(std::pair{std::move(token), std::move(kind)}),
                                 std::move(shown));
  }

  api::Services services_;
  const api::Caller caller_;
  const std::string purpose_;
  net::Request from_{};  // by what kind of door the caller came, nothing else
  std::vector<ledger::DeliveredVersion> told_{};
  store::Sequence after_;
  const bool once_;
  const Deadline ends_;
  bool greeted_ = false;
};

/// Behind the event that the caller met last; without one from now on, or from the beginning.
Result<store::Sequence> beginning_of(const api::Call& call) {
  const auto from = call.target.parameter("from").value_or("now");
  if (from != "now" && from != "beginning")
    return fail(ErrorCode::invalid, "from: '{}' is neither now nor beginning", excerpt(from));
  auto token = call.request.headers.get("Last-Event-ID");
  if (!token) token = call.target.parameter("after");
  if (token && !token->empty()) return open_sequence(call.services.sealer, purpose_of(*call.caller), *token);
  if (from == "beginning") return store::Sequence{0};
  return call.services.store.objects().newest();
}

}  // namespace

Result<api::Response> follow_changes(api::Call& call) {
  TRY(only_known(call.target, changes_parameters));
  const auto after = TRY(beginning_of(call));
  const bool once = call.target.parameter("once") == "true";
  return api::Response::stream(std::make_shared<ChangeStream>(call, after, once), media_type);
}

}  // namespace shieldwall::library
