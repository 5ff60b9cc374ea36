// Hidden equals absent: two worlds that differ only in what a subject may not see answer all its TAXII
// requests with the same bytes, server-assigned instants and opaque tokens replaced by their rank.

#include <map>
#include <set>

#include "exchange/taxii/page_cache.h"
#include "exchange/taxii/taxii_world.h"

using namespace shieldwall;
using namespace shieldwall::exchange::taxii;

namespace {

constexpr auto red = R"(,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"])";

const CompartmentId room{Uuid::named(Uuid{}, "room")};
const CompartmentId never{Uuid::named(Uuid{}, "never")};

std::string id_of(int number) {
  return fmt::format("indicator--00000000-0000-4000-8000-{:012}", number);
}

/// An address whose number only its own organisation may see; `octet` is part of what is hidden.
std::string marked_note(int number, std::string_view hidden) {
  return indicator(
      number,
      0,
      fmt::format(
          R"(,"description":"{}","granular_markings":[{{"marking_ref":)"
          R"("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1","selectors":["description"]}}])",
          hidden));
}

/// Which hidden things happen in the second world, one each.
enum class Difference : int {
  none,
  red_objects,
  other_circle,
  hidden_version,
  hidden_part,
  hidden_delete,
  hidden_reference,
  hidden_conflict,
  other_room,
  count,
};

/// Defects that the comparison must notice.
enum class Defect : std::uint8_t { none, sees_as_another, pages_of_others };

struct Twin {
  World world;
  CircleId everything = CircleId::random(world.random);
  ledger::Circle shared = world.circle_of("shared", {world.cert, world.company});
  ledger::Circle other = world.circle_of("other", {world.cert, world.stranger});
  std::vector<CompartmentId> rooms{};  // bob's compartments
  bool different;
  Difference difference;
  Defect defect;

  Twin(Difference which, bool second, Defect seeded) : different(second), difference(which), defect(seeded) {
    if (defect == Defect::pages_of_others) world.shelf.of<PageCache>().keep_apart(PageCache::ByScope::off);
    world.add_root({.name = "all", .title = "All", .everything = everything});
    world.put(shared);
    world.put(other);
  }

  /// What is put into the shared circle from now on is in that compartment.
  void close(std::vector<CompartmentId> compartments) {
    const auto row = *ledger::read_circle(world.store->records(), shared.id);
    shared = row.value;
    shared.label.compartments = std::move(compartments);
    world.put(shared, &row);
  }

  bool hides(Difference which) const { return different && difference == which; }

  api::Caller ann() { return world.caller_of(world.cert, "ann"); }
  api::Caller bob() {
    auto caller = world.caller_of(world.company, "bob");
    auto subject = caller.scope.subject();
    subject.compartments = rooms;
    caller.scope = policy::Scope::of(std::move(subject));
    if (defect == Defect::sees_as_another) caller.scope = ann().scope;
    return caller;
  }

  void post(const api::Caller& who,
            const ledger::Circle& circle,
            std::initializer_list<std::string> objects) {
    world.clock.advance(seconds(1));
    world.ask(who,
              net::Method::post,
              fmt::format("/api1/collections/{}/objects/", circle.id.text()),
              envelope(objects));
  }

  void live() {
    post(ann(), shared, {indicator(1), indicator(2)});
    if (hides(Difference::red_objects)) post(ann(), shared, {indicator(50, 0, red), indicator(51, 0, red)});
    if (hides(Difference::other_circle)) post(ann(), other, {indicator(50), indicator(1)});
    post(bob(), shared, {indicator(3)});
    if (hides(Difference::hidden_version)) post(ann(), shared, {indicator(1, 5, red), indicator(3, 5, red)});
    post(ann(), shared, {marked_note(4, hides(Difference::hidden_part) ? "a much longer secret" : "secret")});
    if (hides(Difference::hidden_delete)) {
      post(ann(), shared, {indicator(50, 0, red)});
      world.ask(ann(),
                net::Method::delete_,
                fmt::format("/api1/collections/{}/objects/{}/", shared.id.text(), id_of(50)));
    }
    // In both worlds the relationship names two objects that bob cannot follow: one is hidden, one absent.
    if (hides(Difference::hidden_reference)) post(ann(), shared, {indicator(60, 0, red)});
    if (hides(Difference::hidden_conflict)) post(ann(), other, {indicator(7, 0, R"(,"confidence":1)")});
    post(ann(), shared, {indicator(5), indicator(6)});
    close({room});
    post(ann(), shared, {indicator(8), indicator(9)});
    close({never});
    if (hides(Difference::other_room)) post(ann(), shared, {indicator(50), indicator(8, 5)});
    close({});
    post(ann(), shared, {indicator(10)});
  }

  /// Bob's rights become wider between two looks.
  std::string told_twice() {
    auto text = told();
    if (defect == Defect::none) CHECK(text.find(id_of(9)) == text.npos);
    rooms = {room};
    world.clock.advance(seconds(1));
    const auto look = [&](const std::string& target) {
      auto response = world.get(bob(), target);
      text += fmt::format("{}\n{}\n", target, response.bytes());
      return response;
    };
    for (const auto* list : {"objects/", "manifest/"}) {
      walk(look, fmt::format("/api1/collections/{}/{}", shared.id.text(), list));
      walk(look, fmt::format("/all/collections/{}/{}", everything.text(), list));
    }
    CHECK(text.find(id_of(9)) != text.npos);
    return text;
  }

  /// Everything bob can ask, writing included, as one text.
  std::string told() {
    std::string text;
    const auto tell = [&](net::Method method, const std::string& target, Bytes body = {}) {
      const auto response = world.ask(bob(), method, target, std::move(body));
      text += fmt::format("{} {}\n{}\n", net::name_of(method), target, response.status);
      for (const auto& header : response.headers) text += fmt::format("{}: {}\n", header.name, header.value);
      text += fmt::format("{}\n\n", response.bytes());
      return response;
    };
    const auto get = [&](const std::string& target) {
      world.get(ann(), target);  // whose pages are kept too
      const auto response = tell(net::Method::get, target);
      CHECK(world.get(bob(), target).bytes() == response.bytes());  // from the cache, where it is kept
      return response;
    };
    for (const auto* target : {"/taxii2/", "/api1/", "/all/", "/api1/collections/", "/all/collections/"})
      get(target);
    const auto bases = {fmt::format("/api1/collections/{}/", shared.id.text()),
                        std::string("/api1/collections/shared/"),
                        std::string("/api1/collections/other/"),
                        fmt::format("/api1/collections/{}/", other.id.text()),
                        fmt::format("/all/collections/{}/", everything.text())};
    for (const auto& base : bases) {
      get(base);
      for (const auto* list : {"objects/", "manifest/"}) {
        for (const auto* query : {"?match[version]=all",
                                  "?match[version]=first",
                                  "?match[version]=first,last",
                                  "?match[type]=indicator",
                                  "?match[spec_version]=2.0",
                                  "?match[id]=indicator--00000000-0000-4000-8000-000000000050"})
          get(base + list + query);
        walk(get, base + list);
      }
      for (const int number : {1, 3, 4, 7, 50, 60}) {
        get(base + "objects/" + id_of(number) + "/");
        get(base + "objects/" + id_of(number) + "/?match[version]=all");
        get(base + "objects/" + id_of(number) + "/versions/");
      }
    }
    const auto shared_objects = *bases.begin() + "objects/";
    tell(net::Method::delete_, shared_objects + id_of(50) + "/");
    tell(net::Method::delete_, shared_objects + id_of(60) + "/");
    tell(net::Method::post, shared_objects, envelope({indicator(50), indicator(7), indicator(1, 5), "{}"}));
    get(shared_objects + "?match[version]=all");
    return text;
  }

  template <typename Get>
  static void walk(const Get& get, const std::string& list) {
    std::string next;
    for (int pages = 0; pages < 20; ++pages) {
      const auto response = get(list + "?limit=2" + next);
      if (response.status != 200 || !Answer(response).more()) return;
      next = "&next=" + Answer(response).text("next");
    }
  }
};

/// Whether the text begins in that shape: 9 is a digit, x one of hexadecimal, all else itself.
bool begins(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    const bool digit = c >= '0' && c <= '9';
    const bool fits = shape[i] == '9'   ? digit
                      : shape[i] == 'x' ? digit || (c >= 'a' && c <= 'f')
                                        : c == shape[i];
    if (!fits) return false;
  }
  return true;
}

/// The instant of the node's own clock, or the UUID, that the text begins with; empty where it does not.
std::string_view assigned(std::string_view text) {
  constexpr std::string_view instant = "2099-99-99T99:99:99.999999Z";
  constexpr std::string_view uuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (begins(text, instant) && text.substr(0, 4) >= "2023") return text.substr(0, instant.size());
  return begins(text, uuid) ? text.substr(0, uuid.size()) : std::string_view();
}

/// The text with cursors, status ids and instants of the node's own clock replaced by what they may tell:
/// their order.
std::string ranked(const std::string& text, const std::set<std::string>& fixed) {
  std::map<std::string, std::string> names;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(1))
    if (const std::string found(assigned(rest)); !found.empty() && !fixed.contains(found))
      names.try_emplace(
          found, found.find("-0000-4000-8000-") == found.npos ? fmt::format("UUID{}", names.size()) : found);
  for (int rank = 0; auto& [found, name] : names)
    if (found.ends_with('Z')) name = fmt::format("INSTANT{}", rank++);
  std::string told;
  for (std::string_view rest = text; !rest.empty();) {
    const auto name = names.find(std::string(assigned(rest)));
    if (name != names.end()) {
      told += name->second;
      rest.remove_prefix(name->first.size());
      continue;
    }
    told += rest.front();
    rest.remove_prefix(1);
    if (told.ends_with("\"next\":\"") || told.ends_with("&next=")) {
      told += "TOKEN";
      rest.remove_prefix(std::min(rest.size(), rest.find_first_of("\"&\n")));
    }
  }
  return told;
}

std::string life(Difference difference, bool second, Defect defect = Defect::none) {
  Twin twin(difference, second, defect);
  twin.live();
  return ranked(twin.told_twice(), {twin.shared.id.text(), twin.other.id.text(), twin.everything.text()});
}

/// The first line in which they differ, for the message.
std::string first_difference(const std::string& a, const std::string& b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  const auto from = at < 300 ? 0 : at - 300;
  return fmt::format("...{}\n=== or ===\n...{}", a.substr(from, 600), b.substr(from, 600));
}

}  // namespace

STORE_TEST_CASE("what a subject may not see changes no byte of any TAXII answer") {
  const auto first = life(Difference::none, false);
  for (int i = 0; i < static_cast<int>(Difference::count); ++i) {
    CAPTURE(i);
    const auto second = life(static_cast<Difference>(i), true);
    const bool same = first == second;
    if (!same) MESSAGE(first_difference(first, second));
    CHECK(same);
  }
}

STORE_TEST_CASE("the comparison notices a leak") {
  const auto leaking = life(Difference::none, false, Defect::sees_as_another);
  for (int i = 1; i < static_cast<int>(Difference::count); ++i) {
    CAPTURE(i);
    if (static_cast<Difference>(i) == Difference::hidden_delete) continue;  // gone: nothing is left to leak
    CHECK(leaking != life(static_cast<Difference>(i), true, Defect::sees_as_another));
  }
}

STORE_TEST_CASE("the comparison notices pages kept without regard to who sees them") {
  const auto leaking = life(Difference::none, false, Defect::pages_of_others);
  for (const auto difference : {Difference::red_objects, Difference::hidden_version, Difference::hidden_part})
    CHECK(leaking != life(difference, true, Defect::pages_of_others));
}
