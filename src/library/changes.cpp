#include "library/changes.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/delivery.h"
#include "library/intake.h"
#include "library/search.h"
#include "library/stand.h"
#include "library/view.h"

namespace shieldwall::library {

namespace {

constexpr int looked_at_once = 256;  // changes read from the store for one piece of the stream
constexpr Duration piece_time =
    milliseconds(500);  // then others get their turn, and a node that stops its end
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
  /// before: what the caller saw where they stand, when that is not what they see now
  ChangeStream(const api::Call& call, const Stand& stand, std::optional<policy::Scope> before, bool once)
      : services_(call.services),
        caller_(*call.caller),
        mine_(mark_of(caller_.scope)),
        before_(std::move(before)),
        stand_(stand),
        once_(once),
        ends_(Deadline::in(stream_life, services_.clock)) {
    if (door_of(call) == "console") from_.headers.set("Cookie", "a session's");
  }

  net::Poll next(Bytes& chunk) override {
    if (!greeted_) {
      greeted_ = true;
      // Takes the id along without an event: who is cut off before the first goes on from here.
      chunk = fmt::format("id: {}\nretry: 1000\n\n", stand_.seal(own_call()));
      return net::Poll::chunk;
    }
    // Some pieces of the feed hold nothing for this reader; look on rather than wait, for a while.
    const auto piece_ends = Deadline::in(piece_time, services_.clock);
    while (!ends_.passed()) {
      const bool opening = stand_.saw != mine_;
      const auto more = opening ? tell_turned(chunk) : tell_changes(chunk);
      if (!more || !note_told()) return net::Poll::end;
      if (!chunk.empty()) return net::Poll::chunk;
      if (!*more) return once_ ? net::Poll::end : net::Poll::wait;
      if (piece_ends.passed()) return net::Poll::wait;
    }
    return net::Poll::end;
  }

  bool may_wait() const override { return true; }
  std::string_view heartbeat() const override { return ":\n\n"; }

 private:
  /// What changed since. False at the end of it.
  Result<bool> tell_changes(Bytes& chunk) {
    const auto read = TRY(services_.store.objects().changes(caller_.scope, stand_.after, looked_at_once));
    for (const auto& change : read.changes) {
      stand_.after = change.sequence;
      TRY(tell(change, change.kind, chunk));
    }
    const bool more = read.last != stand_.after || !read.changes.empty();
    stand_.after = read.last;
    return more;
  }

  struct Turned {
    store::Change change;
    store::ChangeKind as;
  };

  /// The caller's rights are others than where they stand. Of all that was told until there, what they saw
  /// then and do not now is withdrawn, and what they see now and did not then is opened; page by page, since
  /// that is a walk over all that is held.
  Result<bool> tell_turned(Bytes& chunk) {
    if (stand_.opening != mine_) stand_.opened = 0;
    stand_.opening = mine_;
    auto last = stand_.opened;
    const auto turned = TRY(turned_after(last));
    for (const auto& [change, as] : turned) {
      stand_.opened = change.sequence;
      TRY(tell(change, as, chunk));
    }
    const bool more = last != stand_.opened || !turned.empty();
    stand_.opened = last;
    if (more && last < stand_.after) return true;
    stand_ = {.after = stand_.after, .saw = mine_};
    chunk += fmt::format("id: {}\n\n", stand_.seal(own_call()));  // so that it is not done again
    return true;
  }

  /// In order, and where the next look begins.
  Result<std::vector<Turned>> turned_after(store::Sequence& at) {
    auto& objects = services_.store.objects();
    std::vector<Turned> turned;
    const auto from = at;
    if (before_) {
      auto then = TRY(objects.changes(*before_, from, looked_at_once));
      for (auto& change : then.changes)
        if (change.sequence <= stand_.after && TRY(is_loss(change)))
          turned.push_back({std::move(change), store::ChangeKind::withdrawn});
    }
    auto read = TRY(objects.changes(caller_.scope, from, looked_at_once));
    for (auto& change : read.changes)
      if (change.sequence <= stand_.after && is_news(change))
        turned.push_back({std::move(change), store::ChangeKind::opened});
    std::ranges::stable_sort(turned, {}, [](const Turned& one) { return one.change.sequence; });
    at = read.last;
    return turned;
  }

  /// Told where the rights were others; not when the caller still has the version by another holding.
  Result<bool> is_loss(const store::Change& change) {
    if (change.kind != store::ChangeKind::added && change.kind != store::ChangeKind::opened) return false;
    if (caller_.scope.sees(change.holding.label, services_.clock.now())) return false;
    const auto held = TRY(services_.store.objects().versions(caller_.scope, change.holding.id, std::nullopt));
    return std::ranges::find(held, change.holding.version, &store::VersionEntry::version) == held.end();
  }

  bool is_news(const store::Change& change) const {
    if (change.kind != store::ChangeKind::added && change.kind != store::ChangeKind::opened) return false;
    if (!before_) return true;  // what they saw then is forgotten
    const auto now = services_.clock.now();
    if (!before_->sees(change.holding.label, now)) return true;
    return !policy::sees_all_parts(*before_, change.holding, now) &&
           policy::sees_all_parts(caller_.scope, change.holding, now);
  }

  api::Call own_call() { return {services_, from_, {}, {}, caller_, services_.clock.now(), ends_}; }

  /// errors: what could not be shown; the stream ends
  Done tell(const store::Change& change, store::ChangeKind as, Bytes& chunk) {
    auto token = stand_.seal(own_call());
    std::string kind(name_of(as));
    const bool lost = as == store::ChangeKind::withdrawn && change.kind != store::ChangeKind::withdrawn;
    if (change.holding.bytes && as != store::ChangeKind::withdrawn) {
      auto event = TRY(event_of(change.holding, std::move(token), std::move(kind)));
      if (!event.look().second.first.empty())
        chunk += policy::Released<Bytes>(event.render(write_event)).look();
      return {};
    }
    const auto& knew = lost ? *before_ : caller_.scope;  // who was shown it, and as what
    if (!lost && !may_be_told(change)) return {};
    if (lost && !was_shown(change.holding, knew)) return {};
    auto gone = gone_of(change.holding, knew);
    gone.token = std::move(token);
    gone.kind = std::move(kind);
    chunk += policy::Release::fact(gone).render(write_gone).look();
    return {};
  }

  bool is_whole(const policy::Holding& holding, const policy::Scope& scope) const {
    return (policy::sees_all_parts(scope, holding, services_.clock.now()) && holding.removed.empty()) ||
           policy::owns_every_clause(scope.subject(), holding.label);
  }

  /// What is gone is told to who could still see it; what was withdrawn, the store tells only to those who
  /// could.
  bool may_be_told(const store::Change& change) const {
    return was_shown(change.holding, caller_.scope) &&
           (change.kind == store::ChangeKind::withdrawn ||
            caller_.scope.sees(change.holding.label, services_.clock.now()));
  }

  /// A relationship or sighting without what it is about was never shown.
  bool was_shown(const policy::Holding& holding, const policy::Scope& scope) const {
    if (is_whole(holding, scope)) return true;
    return std::ranges::none_of(holding.removed, [](const std::string& pointer) {
      return pointer == "/source_ref" || pointer == "/target_ref" || pointer == "/sighting_of_ref";
    });
  }

  /// A redacted observable was known to this reader by its random id; its own would tell its value.
  Gone gone_of(const policy::Holding& holding, const policy::Scope& scope) const {
    if (is_whole(holding, scope) || std::holds_alternative<Timestamp>(holding.version) ||
        holding.alias.is_nil())
      return {.token = {}, .kind = {}, .id = holding.id.text(), .version = text_of(holding.version)};
    return {
        .token = {}, .kind = {}, .id = model::ObjectId{holding.id.type, holding.alias}.text(), .version = {}};
  }

  /// One delivery entry for all that this piece tells, before it leaves.
  Done note_told() {
    const auto call = own_call();
    return ledger::note_delivery(call, door_of(call), std::exchange(told_, {}));
  }

  Result<policy::Released<Event>> event_of(const policy::Holding& holding,
                                           std::string token,
                                           std::string kind) {
    auto call = own_call();
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
  const ScopeMark mine_;
  const std::optional<policy::Scope> before_;
  net::Request from_{};  // by what kind of door the caller came, nothing else
  std::vector<ledger::DeliveredVersion> told_{};
  Stand stand_;
  const bool once_;
  const Deadline ends_;
  bool greeted_ = false;
};

/// Behind the event that the caller met last; without one from now on, or from the beginning.
Result<Stand> beginning_of(const api::Call& call) {
  const auto from = call.target.parameter("from").value_or("now");
  if (from != "now" && from != "beginning")
    return fail(ErrorCode::invalid, "from: '{}' is neither now nor beginning", excerpt(from));
  auto token = call.request.headers.get("Last-Event-ID");
  if (!token) token = call.target.parameter("after");
  if (token && !token->empty()) return Stand::open(call, *token);
  const auto after = from == "beginning" ? store::Sequence{0} : call.services.store.objects().newest();
  return Stand{.after = after, .saw = mark_of(call.scope())};
}

}  // namespace

Result<api::Response> follow_changes(api::Call& call) {
  TRY(only_known(call.target, changes_parameters));
  const auto stand = TRY(beginning_of(call));
  TRY(keep_scope(call));
  std::optional<policy::Scope> before;
  if (stand.saw != mark_of(call.scope())) before = TRY(kept_scope(call, stand.saw));
  const bool once = call.target.parameter("once") == "true";
  return api::Response::stream(std::make_shared<ChangeStream>(call, stand, std::move(before), once),
                               media_type);
}

}  // namespace shieldwall::library
