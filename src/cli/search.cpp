#include "cli/search.h"

#include "base/text.h"
#include "cli/node_call.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using model::Json;

/// Command line options that are parameters of GET /api/v1/objects.
constexpr std::pair<std::string_view, std::string_view> parameters[] = {
    {"--id", "id"},
    {"--type", "type"},
    {"--circle", "circle"},
    {"--value", "value"},
    {"--label", "label"},
    {"--reference", "external_reference"},
    {"--created-by", "created_by"},
    {"--refers-to", "refers_to"},
    {"--added-after", "added_after"},
    {"--version", "version"},
    {"--limit", "limit"},
};

std::string target_of(const Arguments& arguments) {
  std::string target = "/api/v1/objects?";
  const auto add = [&](std::string_view name, const std::string& value) {
    target += fmt::format("{}{}={}", target.ends_with('?') ? "" : "&", name, net::percent_encode(value));
  };
  for (const auto& [option, name] : parameters)
    for (const auto& value : arguments.all(option)) add(name, value);
  std::string words;
  for (const auto& word : arguments.all("WORD")) words += (words.empty() ? "" : " ") + word;
  if (!words.empty()) add("words", words);
  return target;
}

/// The shortest that tells people which object this is.
std::string title_of(const Json& object) {
  for (const auto* name : {"name", "value", "pattern", "relationship_type", "path", "key"})
    if (const auto text = text_of(object, name); !text.empty()) return excerpt(text, 60);
  return "";
}

void print_entry(const Json& entry) {
  const auto object = entry.find("object");
  const auto label = entry.find("label");
  const auto source = entry.find("source");
  const auto circle = entry.find("circle");
  if (!object || !label || !source) return;
  print_line(fmt::format("{}  {:<18} {:<12} {}  {}",
                         text_of(entry, "added").substr(0, 19),
                         text_of(*label, "tlp"),
                         excerpt(circle ? text_of(*circle, "name") : text_of(*source, "kind"), 12),
                         text_of(entry, "id"),
                         title_of(*object)));
}

Exit run_search(const Arguments& arguments) {
  return on_node(
      arguments,
      [&](NodeDoor& door) { return door.ask(net::Method::get, target_of(arguments)); },
      [](const Json& answer) {
        const auto objects = answer.find("objects");
        if (!objects) return;
        for (const auto entry : *objects) print_entry(entry);
        print_line(fmt::format(
            "{} objects{}", objects->size(), flag_of(answer, "more") ? ", and more: raise --limit" : ""));
      });
}

constexpr Option options[] = {
    {.name = "WORD", .help = "words that the object's text must hold, all of them", .takes = Takes::many},
    dir_option,
    as_option,
    {.name = "--id", .help = "STIX id", .takes = Takes::many},
    {.name = "--type", .help = "STIX type", .takes = Takes::many},
    {.name = "--value",
     .help = "address, domain, URL, hash ... in any spelling, or KIND:TEXT",
     .takes = Takes::many},
    {.name = "--label", .help = "value of the STIX property `labels`", .takes = Takes::many},
    {.name = "--reference",
     .help = "SOURCE:ID of an external reference, or the id alone",
     .takes = Takes::many},
    {.name = "--created-by", .help = "STIX id of an identity", .takes = Takes::many},
    {.name = "--refers-to", .help = "STIX id that the object refers to", .takes = Takes::many},
    {.name = "--circle", .help = "UUID or alias of a circle", .takes = Takes::many},
    {.name = "--added-after", .help = "instant, exclusive: 2024-01-31T00:00:00Z"},
    {.name = "--version", .help = "last (default), first, all or a time"},
    {.name = "--limit", .help = "1 to 1000; default 100"},
    json_option,
};

constexpr Command commands_here[] = {
    {"search",
     "find objects in a node's store",
     "Prints what the account may see, newest first: when it was added, its marking, the circle it came by, "
     "its "
     "id and its name. Exit 0 also when nothing was found.",
     options,
     "shieldwall search --dir node --type indicator",
     run_search},
};

}  // namespace

std::span<const Command> search_commands() {
  return commands_here;
}

}  // namespace shieldwall::cli
