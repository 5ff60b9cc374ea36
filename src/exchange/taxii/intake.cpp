#include "exchange/taxii/intake.h"

#include <map>
#include <set>
#include <span>

#include "api/in_time.h"
#include "base/text.h"
#include "exchange/taxii/page.h"
#include "exchange/taxii/resource.h"
#include "ledger/audit_entry.h"
#include "ledger/ceiling.h"

namespace shieldwall::exchange::taxii {

namespace {

using store::NewHolding;
using store::PutStatus;

std::string told(const model::Refused& refused) {
  std::string text;
  for (const auto& finding : refused.findings) {
    if (finding.severity != model::Severity::error) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {}: {}", finding.section, finding.pointer, finding.message);
    if (text.size() > 2'000) return text + "; ...";  // the first few tell what to mend
  }
  return text.empty() ? "not an object of STIX" : text;
}

/// The version a refused element claims to be; section 4.3.1 wants one.
std::string claimed_version(const model::Json& element, Timestamp requested) {
  for (const auto name : {"modified", "created"})
    if (const auto value = element.find(name); value && value->is(model::JsonKind::string))
      return excerpt(value->string(), 40);
  return to_text(requested);
}

/// One request's worth of taking in.
class Intake {
 public:
  Intake(const api::Call& call, const Way& way) : call_(call), way_(way) {
    status_.id = Uuid::random(call.services.random);
    status_.requested = call.now;
  }

  void read(const model::Json& element) {
    auto object = model::read_object(element);
    if (!object)
      return refuse(
          {excerpt(object.error().id, 100), claimed_version(element, call_.now), told(object.error())});
    if (object->id.type == "marking-definition") definitions_.insert_or_assign(object->id, object->bytes);
    holdings_.push_back({.object = std::move(*object),
                         .text = model::searchable_text(element),
                         .source = way_.source,
                         .collection = way_.collection,
                         .label = {},
                         .parts = {}});
  }

  Done read_all(const model::Json& objects) {
    for (const auto element : objects) {
      TRY(api::still_in_time(call_));
      read(element);
    }
    return {};
  }

  Result<Status> finish() {
    TRY(store_all({}));
    return std::move(status_);
  }

  Result<Bytes> finish_and_tell(std::string_view api_root) {
    std::optional<Bytes> text;  // once it is durable
    TRY(store_all([&](store::Along& along) {
      text = status_text(status_);
      along.writes.push_back(kept_for_sender(call_, api_root, *text, status_.id));
    }));
    if (text && kept_) return std::move(*text);
    text = status_text(status_);  // nothing was stored, or not the last
    const auto write = kept_for_sender(call_, api_root, *text, status_.id);
    TRY(call_.services.store.records().write({&write, 1}));
    return std::move(*text);
  }

 private:
  /// Only when all are read, since a marking definition may stand behind the objects it marks.
  Done label_all() {
    const auto lookup = [this](const model::ObjectId& id) { return definition(id); };
    std::vector<NewHolding> labelled;
    labelled.reserve(holdings_.size());
    for (auto& holding : holdings_) {
      TRY(api::still_in_time(call_));
      if (auto done = label(holding, lookup); !done)
        refuse(entry_of(holding, {}, done.error().message));
      else
        labelled.push_back(std::move(holding));
    }
    holdings_ = std::move(labelled);
    return {};
  }

  Done label(NewHolding& holding, const wire::MarkingLookup& lookup) const {
    holding.label = TRY(wire::label_of(holding.object, way_.labels, lookup));
    if (way_.author) {
      const auto ceiling = TRY(
          ledger::ceiling_of(call_.services.store.objects(), call_.scope(), *way_.author, holding.object.id));
      if (ceiling) {
        holding.label = TRY(policy::join(holding.label, *ceiling));
        holding.source = ledger::import_source(way_.labels.receiver);
      }
    }
    holding.parts = TRY(wire::parts_of(holding.object, holding.label, way_.labels, lookup));
    return {};
  }

  /// Objects leave to others naming our definition of what TLP cannot say of their label. Who may see them
  /// finds it in the collection, before them: it goes in front of them into the same durable step.
  Done add_definitions() {
    std::set<std::pair<policy::Label, policy::Source>> labels;
    for (const auto& holding : holdings_) labels.emplace(holding.label, holding.source);
    std::vector<NewHolding> definitions;
    for (const auto& [label, source] : labels) {
      const auto marking = wire::marking_of(label);
      if (!marking) continue;
      const auto document = TRY(model::JsonDocument::parse(marking->bytes));
      auto object = model::read_object(document.root());
      if (!object) return fail(ErrorCode::internal, "our own marking definition is no object of STIX");
      definitions.push_back({.object = std::move(*object),
                             .text = {},
                             .source = source,
                             .collection = way_.collection,
                             .label = label,
                             .parts = {}});
    }
    ours_ = definitions.size();
    holdings_.insert(
        holdings_.begin(), std::move_iterator(definitions.begin()), std::move_iterator(definitions.end()));
    return {};
  }

  std::shared_ptr<const std::string> definition(const model::ObjectId& id) {
    if (const auto known = definitions_.find(id); known != definitions_.end()) return known->second;
    store::Query query;
    query.ids = {id};
    query.sources = {way_.source};
    if (way_.author) query.sources.push_back(ledger::import_source(way_.labels.receiver));
    const auto found = call_.services.store.objects().find(
        call_.scope(), query, std::nullopt, 1, read_bytes_max, call_.deadline);
    const auto bytes = found && !found->holdings.empty() ? found->holdings.front().bytes : nullptr;
    definitions_.insert_or_assign(id, bytes);
    return bytes;
  }

  using WithLast = std::function<void(store::Along&)>;

  /// with_last: adds to what is written in the step of the last batch
  Done store_all(const WithLast& with_last) {
    TRY(label_all());
    TRY(add_definitions());
    for (std::size_t from = 0; from < holdings_.size(); from += batch_objects_max) {
      const bool last = from + batch_objects_max >= holdings_.size();
      TRY(put(from, std::min(batch_objects_max, holdings_.size() - from), last ? with_last : WithLast{}));
    }
    return {};
  }

  Done put(std::size_t from, std::size_t count, const WithLast& with) {
    const auto batch = std::span<const NewHolding>(holdings_).subspan(from, count);
    const auto successes = status_.successes.size();
    const auto failures = status_.failures.size();
    const auto sent = std::min(ours_ > from ? ours_ - from : 0, count);  // nobody sent what is before
    const auto along = [&](std::span<const store::PutOutcome> outcomes) -> Result<store::Along> {
      tell(batch.subspan(sent), outcomes.subspan(sent));
      store::Along written;
      written.audit =
          ledger::put_entry(*call_.caller, way_.collection, batch.subspan(sent), outcomes.subspan(sent));
      if (with) with(written);
      return written;
    };
    const auto done = store::put(call_.services.store.objects(), batch, along, call_.deadline);
    kept_ = done.has_value();
    if (done) return {};
    if (from == 0) return fail(done.error());
    status_.successes.resize(successes);
    status_.failures.resize(failures);
    for (const auto& holding : batch.subspan(sent))
      refuse(entry_of(holding, {}, fmt::format("not stored, send it again: {}", done.error().message)));
    return {};
  }

  void tell(std::span<const NewHolding> batch, std::span<const store::PutOutcome> outcomes) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (outcomes[i].status == PutStatus::conflict)
        refuse(entry_of(batch[i],
                        outcomes[i].added,
                        "this version is held already with other content, which is kept; a change needs a "
                        "later modified time"));
      else
        status_.successes.push_back(entry_of(batch[i], outcomes[i].added, {}));
    }
  }

  StatusEntry entry_of(const NewHolding& holding, std::optional<Timestamp> added, std::string message) const {
    return {holding.object.id.text(),
            version_text(holding.object.version, added.value_or(call_.now)),
            std::move(message)};
  }

  void refuse(StatusEntry entry) { status_.failures.push_back(std::move(entry)); }

  const api::Call& call_;
  const Way& way_;
  Status status_;
  std::vector<NewHolding> holdings_;
  std::size_t ours_ = 0;  // definitions of our own in front
  bool kept_ = false;     // the last batch, with what was written along
  std::map<model::ObjectId, std::shared_ptr<const std::string>> definitions_;  // null: none is held
};

}  // namespace

Result<Status> take_in(const api::Call& call, const Way& way, const model::Json& objects) {
  Intake intake(call, way);
  TRY(intake.read_all(objects));
  return intake.finish();
}

Result<Bytes> take_in_and_tell(const api::Call& call,
                               const Way& way,
                               const model::Json& objects,
                               std::string_view api_root) {
  Intake intake(call, way);
  TRY(intake.read_all(objects));
  return intake.finish_and_tell(api_root);
}

}  // namespace shieldwall::exchange::taxii
