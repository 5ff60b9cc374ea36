// Objects, manifest and versions: one question to the store, told in three ways.

#include <tuple>

#include "api/shelf.h"
#include "exchange/taxii/cursor.h"
#include "exchange/taxii/handlers.h"
#include "exchange/taxii/media_type.h"
#include "exchange/taxii/page.h"
#include "exchange/taxii/page_cache.h"
#include "exchange/taxii/resource.h"
#include "ledger/delivery.h"
#include "ledger/reader_rights.h"
#include "wire/compression.h"

namespace shieldwall::exchange::taxii {

namespace {

using policy::Release;
using policy::Released;

/// A page is cut once its objects are so large together; a single larger one is a page of its own. ATT&CK's
/// largest object has 2.9 MB, and a client that asks for 1,000 objects expects about 1.5 MB.
constexpr std::size_t answer_bytes_max = 8u << 20;

/// The door's name in delivery entries.
constexpr std::string_view delivery_door = "taxii";

enum class Form : std::uint8_t { envelope, manifest, versions };

std::string_view name_of(Form form) {
  switch (form) {
    case Form::envelope:
      return "objects";
    case Form::manifest:
      return "manifest";
    case Form::versions:
      break;
  }
  return "versions";
}

/// Everything one answer is about.
struct Question {
  Form form{};
  Collection collection{};
  std::optional<model::ObjectId> object{};
  Filters filters{};
  std::string about{};    // form, root, collection and object
  std::string purpose{};  // of its cursors
  std::optional<store::Place> from{};
  ledger::ReaderRights rights{};
  bool gzip = false;

  /// All that decides its answer beside scope, account and store.
  std::string text() const {
    auto text = fmt::format("{}\n{}\n{} {}", about, filters.text(), filters.limit, gzip);
    if (from) text += fmt::format(" from {} {}", from->added.us, from->sequence);
    for (const auto& circle : collection.searched) text += " in " + circle.text();
    return text;
  }
};

PageEnd end_of(const api::Call& call, const Question& question, const std::optional<store::Place>& next) {
  if (!next) return {};
  return {.more = true, .next = seal_place(call.services.sealer, question.purpose, *next)};
}

std::optional<Dates> dates_of(const std::vector<policy::Holding>& holdings) {
  if (holdings.empty()) return std::nullopt;
  return Dates{holdings.front().added, holdings.back().added};
}

/// How many of the objects make up one answer.
std::size_t fitting(const Texts& objects) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const auto& object : objects) {
    bytes += object ? object->size() : 0;
    if (count > 0 && bytes > answer_bytes_max) break;
    ++count;
  }
  return count;
}

Result<std::vector<ledger::DeliveredVersion>> delivered(const api::Call& call,
                                                        const std::vector<policy::Holding>& holdings,
                                                        const Texts& texts) {
  std::vector<ledger::DeliveredVersion> versions;
  versions.reserve(holdings.size());
  const policy::Label* label = nullptr;
  Digest digest;
  for (std::size_t i = 0; i < holdings.size(); ++i) {
    if (!texts[i]) continue;
    if (label == nullptr || *label != holdings[i].label)
      digest = TRY(ledger::noted_label(call.services, holdings[i].label));
    label = &holdings[i].label;
    versions.push_back({holdings[i].id, holdings[i].version, digest});
  }
  return versions;
}

std::shared_ptr<const Bytes> packed(const std::shared_ptr<const Bytes>& text) {
  return std::make_shared<const Bytes>(wire::gzip(*text));
}

/// In the coding that the client asked for; what is small stays as it is.
RenderedPage rendered(const Question& question,
                      Released<std::shared_ptr<const Bytes>> body,
                      std::optional<Dates> dates,
                      std::optional<Digest> delivery) {
  if (!question.gzip || body.look()->size() < gzip_bytes_min)
    return {.body = std::move(body), .dates = dates, .delivery = delivery};
  return {.body = body.render(packed), .coding = gzip_coding, .dates = dates, .delivery = delivery};
}

Result<Page> page_of(const api::Call& call, const Question& question, int limit) {
  return read_page(call,
                   question.collection,
                   question.object,
                   question.filters,
                   question.rights.past,
                   question.from,
                   limit);
}

/// An envelope, once its delivery is noted.
Result<RenderedPage> render_objects(const api::Call& call, const Question& question) {
  auto page = TRY(page_of(call, question, question.filters.limit));
  const auto texts_in = [&](Page& of) {
    auto* const memo = call.services.shelf ? &call.services.shelf->of<RewrittenObjects>() : nullptr;
    auto way = Release::fact(Leaving{call.caller->organisation, std::move(of.redacted), memo});
    auto holdings = Release::both(Release::gather(std::move(of.holdings)), std::move(way));
    auto texts = holdings.render(texts_of);
    return std::pair{std::move(holdings), std::move(texts)};
  };
  auto [holdings, texts] = texts_in(page);
  auto until = page.until;
  if (const auto count = fitting(texts.look()); count < texts.look().size()) {
    // Read again, to learn the place where the cut is.
    page = TRY(page_of(call, question, static_cast<int>(count)));
    std::tie(holdings, texts) = texts_in(page);
    until = std::min(until, page.until);
  }
  const auto versions = TRY(delivered(call, holdings.look().first, texts.look()));
  std::optional<Digest> root;
  if (!versions.empty()) root = ledger::root_of(versions);
  if (root) TRY(ledger::note_delivery(call, delivery_door, *root, versions));
  auto body = Release::both(std::move(texts), Release::fact(end_of(call, question, page.next)));
  auto answer =
      rendered(question, body.render(envelope_text), dates_of(holdings.look().first), std::move(root));
  answer.from = call.now;
  answer.until = until;
  return answer;
}

Result<RenderedPage> render_list(const api::Call& call, const Question& question) {
  auto page = TRY(page_of(call, question, question.filters.limit));
  const auto told = Release::both(Release::gather(std::move(page.holdings)),
                                  Release::fact(end_of(call, question, page.next)));
  const auto writer = question.form == Form::manifest ? manifest_text : versions_text;
  auto answer = rendered(question, told.render(writer), dates_of(told.look().first), std::nullopt);
  answer.from = call.now;
  answer.until = page.until;
  return answer;
}

Result<RenderedPage> render(const api::Call& call, const Question& question) {
  return question.form == Form::envelope ? render_objects(call, question) : render_list(call, question);
}

/// Counts the delivery of a page that is given again. False when nobody remembers it: then it is noted anew.
Result<bool> is_counted(const api::Call& call, const RenderedPage& page) {
  if (!page.delivery) return true;
  auto counted = ledger::count_delivery(call, delivery_door, *page.delivery);
  if (!counted && counted.error().code == ErrorCode::not_found) return false;
  TRY(std::move(counted));
  return true;
}

Result<RenderedPage> page_for(const api::Call& call, const Question& question) {
  if (call.services.shelf == nullptr) return render(call, question);
  auto& cache = call.services.shelf->of<PageCache>();
  const auto newest = call.services.store.objects().newest();
  const auto key = question.text();
  if (auto kept = cache.find(call, question.rights.revision, key, newest);
      kept && TRY(is_counted(call, *kept)))
    return std::move(*kept);
  auto page = TRY(render(call, question));
  TRY(ledger::still_those(call, question.rights));
  cache.keep(call, question.rights.revision, key, newest, page);
  return page;
}

api::Response response_of(RenderedPage page) {
  api::Response response(200, std::move(page.body), media_type);
  if (!page.coding.empty()) response.header("Content-Encoding", Release::fact(std::string(page.coding)));
  if (page.dates) {  // section 1.6.8.2: nothing to date when nothing is given
    response.header("X-TAXII-Date-Added-First", Release::fact(to_text(page.dates->first)));
    response.header("X-TAXII-Date-Added-Last", Release::fact(to_text(page.dates->last)));
  }
  return response;
}

Result<api::Response> answer(api::Call& call, Form form, Fields known) {
  const auto root = TRY(api_root_of(call));
  Question question{.form = form, .gzip = accepts_gzip(call.request.headers)};
  question.collection = TRY(collection_of(call, root));
  question.filters = TRY(read_filters(call.target.query, known));
  TRY(question.collection.must_read());
  if (form == Form::versions) question.filters.all = true;  // section 5.8: its whole point
  if (call.path.contains("object")) {
    const auto id = model::ObjectId::parse(call.part("object"));
    if (!id || !TRY(is_held(call, question.collection, *id)))
      return fail(ErrorCode::not_found, "no such object in this collection");
    question.object = *id;
  }
  question.rights = TRY(ledger::reader_rights(call));
  question.about = fmt::format("{} {} {} {}",
                               name_of(form),
                               root.name,
                               question.collection.id.text(),
                               question.object ? question.object->text() : "");
  question.purpose = cursor_purpose(*call.caller, question.about, question.filters.text());
  if (question.filters.next)
    question.from = TRY(open_place(call.services.sealer, question.purpose, *question.filters.next));
  return response_of(TRY(page_for(call, question)));
}

}  // namespace

Result<api::Response> get_manifest(api::Call& call) {
  return answer(call, Form::manifest, collection_fields);
}

Result<api::Response> get_objects(api::Call& call) {
  return answer(call, Form::envelope, collection_fields);
}

Result<api::Response> get_object(api::Call& call) {
  return answer(call, Form::envelope, object_fields);
}

Result<api::Response> get_versions(api::Call& call) {
  return answer(call, Form::versions, versions_fields);
}

}  // namespace shieldwall::exchange::taxii
