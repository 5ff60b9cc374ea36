#include "exchange/taxii/remote.h"

#include <charconv>

#include "base/text.h"
#include "model/json.h"

namespace shieldwall::exchange::taxii {

namespace {

using model::Json;
using model::JsonKind;

Result<model::JsonDocument> object_of(std::string text) {
  auto document = model::JsonDocument::parse(std::move(text));
  if (!document) return fail(ErrorCode::invalid, "the answer is not JSON: {}", document.error().message);
  if (!document->root().is(JsonKind::object))
    return fail(ErrorCode::invalid, "the answer is JSON, but not an object");
  return std::move(*document);
}

/// The member when it is there and not null.
std::optional<Json> member(const Json& object, std::string_view name) {
  auto found = object.find(name);
  return found && !found->is(JsonKind::null) ? found : std::nullopt;
}

std::string text_of(const Json& object, std::string_view name) {
  const auto found = member(object, name);
  return found && found->is(JsonKind::string) ? std::string(found->string()) : "";
}

bool flag_of(const Json& object, std::string_view name) {
  const auto found = member(object, name);
  if (!found) return false;
  if (found->is(JsonKind::boolean)) return found->boolean();
  return found->is(JsonKind::string) && equal_ignoring_case(found->string(), "true");
}

std::optional<std::uint64_t> number_of(const Json& object, std::string_view name) {
  const auto found = member(object, name);
  if (!found) return std::nullopt;
  const auto digits = found->is(JsonKind::number)   ? found->number()
                      : found->is(JsonKind::string) ? found->string()
                                                    : std::string_view{};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::vector<std::string> texts_of(const Json& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto list = member(object, name);
  if (!list || !list->is(JsonKind::array)) return texts;
  for (const auto element : *list)
    if (element.is(JsonKind::string)) texts.emplace_back(element.string());
  return texts;
}

RemoteCollection collection_of(const Json& json, Warnings& warnings) {
  RemoteCollection collection{.id = text_of(json, "id"),
                              .title = text_of(json, "title"),
                              .alias = text_of(json, "alias"),
                              .can_read = flag_of(json, "can_read"),
                              .can_write = flag_of(json, "can_write"),
                              .media_types = texts_of(json, "media_types")};
  if (collection.id.empty()) warnings.emplace_back("a collection has no id");
  return collection;
}

/// The list of objects: `objects`, or what servers are known to have called it.
std::optional<Json> objects_of(const Json& envelope, Warnings& warnings) {
  if (auto objects = member(envelope, "objects")) return objects;
  auto items = member(envelope, "items");
  if (items) warnings.emplace_back("the server calls the list of objects 'items'");
  return items;
}

std::optional<Timestamp> date_of(const net::Headers& headers, std::string_view name, Warnings& warnings) {
  const auto written = headers.get(name);
  if (!written) return std::nullopt;
  auto at = parse_lenient_time(trimmed(*written));
  if (at) return *at;
  warnings.push_back(fmt::format("{}: '{}' is no time; ignored", name, excerpt(*written)));
  return std::nullopt;
}

std::string one_line(std::string_view text) {
  return excerpt(trimmed(text), 300);
}

}  // namespace

Result<RemoteDiscovery> read_discovery(std::string text, Warnings& warnings) {
  const auto document = TRY(object_of(std::move(text)));
  RemoteDiscovery discovery{.title = text_of(document.root(), "title"),
                            .default_root = text_of(document.root(), "default"),
                            .api_roots = texts_of(document.root(), "api_roots")};
  if (discovery.api_roots.empty() && !discovery.default_root.empty()) {
    warnings.emplace_back("'default' names an API root that 'api_roots' does not list");
    discovery.api_roots.push_back(discovery.default_root);
  }
  return discovery;
}

Result<RemoteRoot> read_root(std::string text, Warnings& warnings) {
  const auto document = TRY(object_of(std::move(text)));
  RemoteRoot root{.title = text_of(document.root(), "title"),
                  .versions = texts_of(document.root(), "versions"),
                  .max_content_length = number_of(document.root(), "max_content_length")};
  if (!root.max_content_length) warnings.emplace_back("the API root does not say how much it takes at once");
  return root;
}

Result<std::vector<RemoteCollection>> read_collections(std::string text, Warnings& warnings) {
  const auto document = TRY(object_of(std::move(text)));
  std::vector<RemoteCollection> collections;
  const auto list = member(document.root(), "collections");
  if (!list || !list->is(JsonKind::array)) return collections;
  for (const auto element : *list)
    if (element.is(JsonKind::object)) collections.push_back(collection_of(element, warnings));
  return collections;
}

Result<RemoteCollection> read_collection(std::string text, Warnings& warnings) {
  const auto document = TRY(object_of(std::move(text)));
  return collection_of(document.root(), warnings);
}

Result<RemotePage> read_envelope(std::string text, const net::Headers& headers, Warnings& warnings) {
  RemotePage page;
  if (trimmed(text).empty()) return page;  // some answer nothing where {} belongs
  const auto document = TRY(object_of(std::move(text)));
  const auto& envelope = document.root();
  page.more = flag_of(envelope, "more");
  page.next = text_of(envelope, "next");
  if (const auto number = number_of(envelope, "next"); page.next.empty() && number)
    page.next = std::to_string(*number);
  page.date_added_last = date_of(headers, "X-TAXII-Date-Added-Last", warnings);
  const auto objects = objects_of(envelope, warnings);
  if (!objects || !objects->is(JsonKind::array)) return page;
  for (const auto object : *objects) page.objects.emplace_back(object.raw());
  return page;
}

Result<RemoteStatus> read_status(std::string text, Warnings& warnings) {
  const auto document = TRY(object_of(std::move(text)));
  const auto& json = document.root();
  RemoteStatus status{.id = text_of(json, "id"), .pending = text_of(json, "status") == "pending"};
  const auto count = [&](std::string_view name, std::string_view list) -> std::uint64_t {
    if (const auto number = number_of(json, name)) return *number;
    warnings.push_back(fmt::format("the status has no usable {}", name));
    const auto entries = member(json, list);
    return entries ? entries->size() : 0;
  };
  status.successes = count("success_count", "successes");
  status.failures = count("failure_count", "failures");
  status.pendings = count("pending_count", "pendings");
  const auto failures = member(json, "failures");
  if (!failures || !failures->is(JsonKind::array)) return status;
  for (const auto failure : *failures)
    status.messages.push_back(
        failure.is(JsonKind::string)
            ? one_line(failure.string())
            : fmt::format("{}: {}", one_line(text_of(failure, "id")), one_line(text_of(failure, "message"))));
  return status;
}

std::string read_error(std::string text) {
  const auto document = model::JsonDocument::parse(std::string(text));
  if (!document || !document->root().is(JsonKind::object)) return one_line(text);
  const auto title = text_of(document->root(), "title");
  for (const auto name : {"description", "detail", "message"})
    if (const auto more = text_of(document->root(), name); !more.empty())
      return one_line(title.empty() ? more : fmt::format("{}: {}", title, more));
  return one_line(title.empty() ? text : title);
}

}  // namespace shieldwall::exchange::taxii
