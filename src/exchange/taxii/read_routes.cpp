// Objects, manifest and versions: one question to the store, told in three ways.

#include "exchange/taxii/cursor.h"
#include "exchange/taxii/handlers.h"
#include "exchange/taxii/media_type.h"
#include "exchange/taxii/page.h"
#include "exchange/taxii/resource.h"

namespace shieldwall::exchange::taxii {

namespace {

using policy::Release;
using policy::Released;

/// A page is cut once its objects are so large together; a single larger one is a page of its own. ATT&CK's
/// largest object has 2.9 MB, and a client that asks for 1,000 objects expects about 1.5 MB.
constexpr std::size_t answer_bytes_max = 8u << 20;

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
  Form form;
  Collection collection;
  std::optional<model::ObjectId> object;
  Filters filters;
  std::string purpose;  // of its cursors
};

PageEnd end_of(const api::Call& call, const Question& question, const std::optional<store::Place>& next) {
  if (!next) return {};
  return {.more = true, .next = seal_place(call.services.sealer, question.purpose, *next)};
}

struct Dates {
  Timestamp first;
  Timestamp last;
};

void tell_dates(api::Response& response, const std::optional<Dates>& dates) {
  if (!dates) return;  // section 1.6.8.2: nothing to date when nothing is given
  response.header("X-TAXII-Date-Added-First", Release::fact(to_text(dates->first)));
  response.header("X-TAXII-Date-Added-Last", Release::fact(to_text(dates->last)));
}

std::optional<Dates> dates_of(const Page& page) {
  if (page.holdings.empty()) return std::nullopt;
  return Dates{page.holdings.front().look().added, page.holdings.back().look().added};
}

struct Envelope {
  std::vector<Released<Bytes>> objects;
  std::size_t fitting = 0;  // how many of them make up one answer
};

Envelope envelope_of(const api::Call& call, Page& page) {
  Envelope envelope;
  std::size_t bytes = 0;
  for (auto& holding : page.holdings) {
    envelope.objects.push_back(
        Release::both(holding, Release::fact(call.caller->organisation)).render(object_text));
    bytes += envelope.objects.back().look().size();
    if (envelope.fitting == 0 || bytes <= answer_bytes_max) ++envelope.fitting;
    if (bytes > answer_bytes_max) break;
  }
  return envelope;
}

Result<api::Response> answer_objects(const api::Call& call,
                                     const Question& question,
                                     const std::optional<store::Place>& from) {
  auto page = TRY(
      read_page(call, question.collection, question.object, question.filters, from, question.filters.limit));
  auto envelope = envelope_of(call, page);
  if (envelope.fitting < page.holdings.size()) {  // read again, to learn the place where the cut is
    page = TRY(read_page(call,
                         question.collection,
                         question.object,
                         question.filters,
                         from,
                         static_cast<int>(envelope.fitting)));
    envelope = envelope_of(call, page);
  }
  const auto dates = dates_of(page);
  api::Response response(200,
                         Release::both(Release::gather(std::move(envelope.objects)),
                                       Release::fact(end_of(call, question, page.next)))
                             .render(envelope_text),
                         media_type);
  tell_dates(response, dates);
  return response;
}

Result<api::Response> answer_list(const api::Call& call,
                                  const Question& question,
                                  const std::optional<store::Place>& from) {
  auto page = TRY(
      read_page(call, question.collection, question.object, question.filters, from, question.filters.limit));
  const auto dates = dates_of(page);
  const auto told = Release::both(Release::gather(std::move(page.holdings)),
                                  Release::fact(end_of(call, question, page.next)));
  const auto writer = question.form == Form::manifest ? manifest_text : versions_text;
  api::Response response(200, told.render(writer), media_type);
  tell_dates(response, dates);
  return response;
}

Result<api::Response> answer(api::Call& call, Form form, Fields known) {
  const auto root = TRY(api_root_of(call));
  Question question{.form = form, .collection = {}, .object = std::nullopt, .filters = {}, .purpose = {}};
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
  question.purpose = cursor_purpose(*call.caller,
                                    fmt::format("{} {} {} {}",
                                                name_of(form),
                                                root.name,
                                                question.collection.id.text(),
                                                question.object ? question.object->text() : ""),
                                    question.filters.text());
  std::optional<store::Place> from;
  if (question.filters.next)
    from = TRY(open_place(call.services.sealer, question.purpose, *question.filters.next));
  return form == Form::envelope ? answer_objects(call, question, from) : answer_list(call, question, from);
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
