#include "exchange/ask/set.h"

#include <algorithm>

#include "api/in_time.h"
#include "api/shelf.h"

namespace shieldwall::exchange::ask {

namespace {

using policy::Release;
using policy::Released;

constexpr int page_objects = 1'000;
constexpr std::size_t page_bytes = 8u << 20;
constexpr Duration work_max = seconds(3);     // of one call; the asker comes again for the rest
constexpr Duration making_max = minutes(10);  // of all calls together; labels change meanwhile

/// What turns the values of released holdings into entries.
struct Tagger {
  const Epoch* epoch = nullptr;
  Tags* tags = nullptr;
  Deadline deadline = Deadline::none();  // when it passes, what is made is not whole, but its tags are kept
};

std::vector<model::CanonicalValue> values_of(const policy::Holding& holding) {
  const auto document = model::JsonDocument::parse(*holding.bytes);
  if (!document) return {};
  auto object = model::read_object(document->root(), {.warnings = false});
  if (!object || object->revoked) return {};
  return std::move(object->values);
}

std::vector<Entry> entries_of(const std::pair<std::vector<policy::Holding>, Tagger>& given) {
  std::vector<Entry> entries;
  for (const auto& holding : given.first) {
    const auto flags = may_be_requested(holding.label) ? may_request : std::uint8_t{0};
    for (const auto& value : values_of(holding)) {
      if (given.second.deadline.passed()) return entries;
      entries.push_back(entry_of(given.second.tags->of(*given.second.epoch, spelled(value)), flags));
    }
  }
  return entries;
}

/// Of one value the more open: that one of its objects may be asked for is enough.
void merge(std::vector<Entry>& entries) {
  std::ranges::sort(entries);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept > 0 && entries[kept - 1].place == entries[i].place)
      entries[kept - 1].flags |= entries[i].flags;
    else
      entries[kept++] = entries[i];
  }
  entries.resize(kept);
}

using Gathered = std::pair<std::vector<std::vector<Entry>>, const Epoch*>;

Result<Bytes> filter_of(const Gathered& gathered) {
  std::vector<Entry> entries;
  for (const auto& part : gathered.first) entries.insert(entries.end(), part.begin(), part.end());
  merge(entries);
  const auto& epoch = *gathered.second;
  return make_filter(epoch.number, epoch.key.open, std::move(entries), epoch.padding_key);
}

Bytes taken(const Result<Bytes>& filter) {
  return *filter;
}

std::shared_ptr<const Bytes> shared(const Bytes& bytes) {
  return std::make_shared<const Bytes>(bytes);
}

/// Adds one page to what is being made. True while there is more.
Result<bool> add_page(api::Call& call, const Tagger& tagger, Making& making) {
  auto page = TRY(call.services.store.objects().find(
      call.scope(), {}, making.from, page_objects, page_bytes, call.deadline));
  std::vector<Released<policy::Holding>> released;
  for (auto& holding : page.holdings) {
    if (!may_be_asked(call.scope(), holding, call.now)) continue;
    if (holding.label.end > call.now) making.until = std::min(making.until, holding.label.end);
    auto one = policy::release(call.scope(), std::move(holding), call.now);
    if (!one && one.error().code == ErrorCode::not_found) continue;
    released.push_back(TRY(std::move(one)));
  }
  auto part = Release::both(Release::gather(std::move(released)), Release::fact(tagger)).render(entries_of);
  TRY(api::still_in_time(call));  // the page is done again then, with the tags that it has
  making.parts.push_back(std::move(part));
  making.from = page.next;
  return page.next.has_value();
}

Done finish(const Epoch& epoch, Making& making) {
  auto gathered = Release::both(Release::gather(std::move(making.parts)), Release::fact(&epoch));
  making.parts.clear();
  const auto made = gathered.render(filter_of);
  if (!made.look()) return fail(made.look().error());
  making.filter = made.render(taken).render(shared);
  return {};
}

Done make(api::Call& call, const Tagger& tagger, Making& making, bool all_at_once) {
  const auto begun = call.services.clock.steady();
  while (TRY(add_page(call, tagger, making)))
    if (!all_at_once && call.services.clock.steady().us - begun.us > work_max.us)
      return fail(ErrorCode::unavailable, "the set of tags is being made; ask again in a second");
  return finish(*tagger.epoch, making);
}

void begin_anew(Making& making, store::Sequence newest, Duration steady) {
  making.newest = newest;
  making.begun = steady;
  making.from.reset();
  making.parts.clear();
  making.until = Timestamp::never();
  making.filter.reset();
}

}  // namespace

std::string spelled(const model::CanonicalValue& value) {
  return fmt::format("{}:{}", model::name_of(value.kind), value.text);
}

bool may_be_asked(const policy::Scope& scope, const policy::Holding& holding, Timestamp now) {
  const bool own = holding.source.kind != policy::Source::Kind::feed &&
                   holding.source.id == scope.subject().own.organisation.uuid;
  return holding.label.discoverable && !own && scope.sees(holding.label, now) &&
         policy::sees_all_parts(scope, holding, now);
}

bool may_be_requested(const policy::Label& label) {
  return !label.originator_control && !label.persons && label.tlp != policy::Tlp::red;
}

voprf::Tag Tags::of(const Epoch& epoch, const std::string& value) {
  const auto kept = state_.with([&](State& state) -> std::optional<voprf::Tag> {
    if (state.epoch != epoch.number || state.tags.size() >= kept_max) state = {.epoch = epoch.number};
    const auto found = state.tags.find(value);
    return found == state.tags.end() ? std::nullopt : std::optional(found->second);
  });
  if (kept) return *kept;
  const auto tag = voprf::tag_of(voprf::Mode::voprf, epoch.key, value).value_or(voprf::Tag{});
  state_.with([&](State& state) {
    if (state.epoch == epoch.number) state.tags.emplace(value, tag);
  });
  return tag;
}

Result<std::string> Tags::value_of(const Epoch& epoch, std::string_view reference) const {
  return state_.with([&](const State& state) -> Result<std::string> {
    if (state.epoch == epoch.number)
      for (const auto& [value, tag] : state.tags)
        if (reference_of(tag) == reference) return value;
    return fail(ErrorCode::not_found, "no such reference in this epoch");
  });
}

std::shared_ptr<Making> Sets::of(const std::string& key) {
  return makings_.with([&](auto& makings) {
    if (makings.size() >= kept_max && !makings.contains(key)) makings.erase(makings.begin());
    auto& making = makings[key];
    if (!making) making = std::make_shared<Making>();
    return making;
  });
}

Result<policy::Released<std::shared_ptr<const Bytes>>> filter_for(api::Call& call, const Epoch& epoch) {
  auto* const shelf = call.services.shelf;
  if (shelf == nullptr) {
    Tags tags;
    Making making;
    TRY(make(call, {&epoch, &tags, call.deadline}, making, true));
    return *making.filter;
  }
  const auto making =
      shelf->of<Sets>().of(fmt::format("{} {}", epoch.number, call.scope().fingerprint().hex()));
  const std::unique_lock held(making->busy, std::try_to_lock);
  if (!held) return fail(ErrorCode::unavailable, "the set of tags is being made; ask again in a second");
  const auto newest = call.services.store.objects().newest();
  // One that is whole is good while nothing changed; one in the making is finished as it was begun, or it
  // never would be where much changes, and made anew at the next question.
  const auto steady = call.services.clock.steady();
  const bool stale = making->filter ? making->newest != newest : steady.us - making->begun.us > making_max.us;
  const bool unused = !making->filter && making->parts.empty();
  if (stale || unused || call.now >= making->until) begin_anew(*making, newest, steady);
  if (!making->filter) TRY(make(call, {&epoch, &shelf->of<Tags>(), call.deadline}, *making, false));
  return *making->filter;
}

}  // namespace shieldwall::exchange::ask
