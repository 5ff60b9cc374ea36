// Checks of join, release, redaction and membership against a second reading - and each check against seeded
// defects, which it must report: a check that cannot fail says nothing. (may_see: may_see_test.cpp; markings:
// wire/stix_label_defects_test.cpp.)

#include <functional>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "policy/decision.h"
#include "policy/label_json.h"
#include "policy/redact.h"
#include "policy/released.h"
#include "policy/test_labels.h"
#include "test_size.h"

namespace shieldwall::policy {
namespace {

using namespace tests;

/// What differs, in words; nothing when all is well.
using Difference = std::optional<std::string>;

// ---------------------------------------------------------------- join

using Join = std::function<Result<Label>(const Label&, const Label&)>;

template <typename T>
std::set<T> set_of(const std::vector<T>& list) {
  return {list.begin(), list.end()};
}

/// "Strictest TLP, PAP, level and use limit (must-not wins), intersection of persons, union of compartments,
/// latest embargo, earliest end, originator control if any, discoverable only if all; different realms refuse
/// to join"; "join is the union of the clauses".
std::optional<Label> naive_join(const Label& a, const Label& b) {
  if (a.realm != b.realm) return std::nullopt;
  Label both = a;
  if (b.tlp > a.tlp) both.tlp = b.tlp;
  if (b.pap > a.pap) both.pap = b.pap;
  const auto stricter = [](Use x, Use y) { return x == Use::must_not ? x : y; };
  both.use = {.notify_affected = stricter(a.use.notify_affected, b.use.notify_affected),
              .attribute = stricter(a.use.attribute, b.use.attribute),
              .resell = stricter(a.use.resell, b.use.resell),
              .regulate = stricter(a.use.regulate, b.use.regulate)};
  if (a.classification.scheme == 0) both.classification = b.classification;
  if (a.classification.scheme != 0 && b.classification.scheme != 0) {
    if (a.classification.scheme != b.classification.scheme)
      both.classification = classification_beyond_all;
    else if (b.classification.ordinal > a.classification.ordinal)
      both.classification = b.classification;
  }
  auto clauses = set_of(a.audience);
  clauses.insert(b.audience.begin(), b.audience.end());
  if (a.audience.empty() || b.audience.empty()) clauses.clear();  // what nobody passes
  both.audience.assign(clauses.begin(), clauses.end());
  auto compartments = set_of(a.compartments);
  compartments.insert(b.compartments.begin(), b.compartments.end());
  both.compartments.assign(compartments.begin(), compartments.end());
  // TLP:RED without a list names nobody; two labels without a list have none.
  if (a.persons || b.persons) {
    std::vector<PersonKey> named;
    const auto names = [](const Label& label, const PersonKey& key) {
      if (!label.persons) return label.tlp != Tlp::red;
      return set_of(*label.persons).contains(key);
    };
    for (const PersonKey& key : a.persons ? *a.persons : *b.persons)
      if (names(a, key) && names(b, key)) named.push_back(key);
    both.persons = named;
  }
  both.originator_control = a.originator_control || b.originator_control;
  both.discoverable = a.discoverable && b.discoverable;
  if (b.embargo > a.embargo) both.embargo = b.embargo;
  if (b.end < a.end) both.end = b.end;
  return both;
}

Difference join_difference(const Join& join_of, std::int64_t count) {
  Draw draw(61);
  for (std::int64_t i = 0; i < count; ++i) {
    const Label a = draw.label(draw.one_in(6) ? exercise : Realm{});
    const Label b = draw.label(draw.one_in(6) ? exercise : Realm{});
    const auto expected = naive_join(a, b);
    const auto found = join_of(a, b);
    if (found.has_value() != expected.has_value()) return "one joins, the other does not: " + label_json(b);
    if (found && *found != *expected) return label_json(*found) + " is not " + label_json(*expected);
  }
  return std::nullopt;
}

/// The right join, then spoilt.
Join spoilt(std::function<void(Label&, const Label&, const Label&)> spoil) {
  return [spoil = std::move(spoil)](const Label& a, const Label& b) -> Result<Label> {
    auto joined = join(a, b);
    if (joined) spoil(*joined, a, b);
    return joined;
  };
}

const std::map<std::string, Join> join_defects = {
    {"the more open TLP",
     spoilt([](Label& l, const Label& a, const Label& b) { l.tlp = std::min(a.tlp, b.tlp); })},
    {"the more open PAP",
     spoilt([](Label& l, const Label& a, const Label& b) { l.pap = std::min(a.pap, b.pap); })},
    {"a use limit lost", spoilt([](Label& l, const Label& a, const Label&) { l.use.resell = a.use.resell; })},
    {"a level lost",
     spoilt([](Label& l, const Label& a, const Label&) { l.classification = a.classification; })},
    {"levels of two schemes compared", spoilt([](Label& l, const Label& a, const Label& b) {
       if (l.classification == classification_beyond_all)
         l.classification = std::max(a.classification, b.classification);
     })},
    {"a clause lost", spoilt([](Label& l, const Label& a, const Label&) { l.audience = a.audience; })},
    {"nobody joined by somebody", spoilt([](Label& l, const Label& a, const Label& b) {
       if (a.audience.empty()) l.audience = b.audience;
     })},
    {"a compartment lost",
     spoilt([](Label& l, const Label& a, const Label&) { l.compartments = a.compartments; })},
    {"persons of one", spoilt([](Label& l, const Label& a, const Label&) { l.persons = a.persons; })},
    {"RED that names nobody ignored", spoilt([](Label& l, const Label& a, const Label& b) {
       if (a.tlp == Tlp::red && !a.persons && b.persons) l.persons = b.persons;
     })},
    {"the earlier embargo",
     spoilt([](Label& l, const Label& a, const Label& b) { l.embargo = std::min(a.embargo, b.embargo); })},
    {"the later end",
     spoilt([](Label& l, const Label& a, const Label& b) { l.end = std::max(a.end, b.end); })},
    {"originator control only if both have it", spoilt([](Label& l, const Label& a, const Label& b) {
       l.originator_control = a.originator_control && b.originator_control;
     })},
    {"discoverable if one is", spoilt([](Label& l, const Label& a, const Label& b) {
       l.discoverable = a.discoverable || b.discoverable;
     })},
    {"realms mixed", [](const Label& a, const Label& b) {
       Label same = b;
       same.realm = a.realm;
       return join(a, same);
     }}};

// ---------------------------------------------------------------- redaction

using Redact = std::function<Result<Bytes>(std::string_view, const Cuts&)>;

constexpr const char* object_text =
    R"({"type":"malware","spec_version":"2.1","id":"malware--11111111-1111-4111-8111-111111111111",)"
    R"("created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"shown \"name\"",)"
    R"("description":"canary description","is_family":true,"labels":["one","canary label","three"],)"
    R"("external_references":[{"source_name":"x","url":"https://canary.example/"},{"source_name":"y","external_id":"1"}],)"
    R"("sample_refs":["file--11111111-1111-4111-8111-11111111ca4a","file--22222222-2222-4222-8222-222222222222"],)"
    R"("granular_markings":[{"lang":"fr","selectors":["labels.[2]","labels.[1]"]},{"lang":"de","selectors":)"
    R"(["description"]}]})";

/// What a cut takes, and the text that must be gone with it.
struct Part {
  std::string_view selector;
  std::string_view canary;
};
constexpr Part parts[] = {{"description", "canary description"},
                          {"labels.[1]", "canary label"},
                          {"external_references.[0].url", "canary.example"},
                          {"external_references.[1]", "\"y\""},
                          {"sample_refs.[0]", "ca4a"}};

/// Whether `left` is `whole` with parts taken out: the same scalars, members and elements in the same order.
Difference only_removes(const model::Json& whole, const model::Json& left) {
  if (whole.kind() != left.kind()) return left.pointer() + " is of another kind";
  if (left.size() == 0) {
    if (whole.raw() != left.raw()) return left.pointer() + " has another value, or is left empty";
    return std::nullopt;
  }
  auto from = whole.begin();
  for (const model::Json child : left) {
    Difference last = "nothing like it stands there";
    for (; last && from != whole.end(); ++from)
      if ((*from).key() == child.key()) last = only_removes(*from, child);
    if (last) return child.pointer() + ": " + *last;
  }
  return std::nullopt;
}

/// Removal everywhere but in the markings, whose selectors follow; what was cut is gone, what was not is
/// there.
Difference redaction_difference(const Redact& redact_of) {
  for (unsigned chosen = 0; chosen < 1u << std::size(parts); ++chosen) {
    Cuts cuts{.selectors = {}, .pointers = {}, .id = ""};
    for (std::size_t i = 0; i < std::size(parts); ++i)
      if ((chosen >> i & 1) != 0) cuts.selectors.push_back(parts[i].selector);
    const auto bytes = redact_of(object_text, cuts);
    if (!bytes) return "refused: " + bytes.error().message;
    const auto whole = model::JsonDocument::parse(object_text);
    const auto left = model::JsonDocument::parse(*bytes);
    if (!left) return "no JSON: " + *bytes;
    for (std::size_t i = 0; i < std::size(parts); ++i)
      if ((bytes->find(parts[i].canary) != Bytes::npos) != ((chosen >> i & 1) == 0))
        return std::string(parts[i].selector) + " is there though cut, or gone though not: " + *bytes;
    for (const model::Json member : left->root()) {
      if (member.key() == "granular_markings") continue;
      const auto was = whole->root().find(member.key());
      if (!was) return "a member nobody wrote: " + std::string(member.key());
      if (auto changed = only_removes(*was, member)) return changed;
    }
    // A selector names what it named before, or has gone with it.
    std::vector<std::string> named;
    if (const auto markings = left->root().find("granular_markings"))
      for (const model::Json marking : *markings) {
        const auto selectors = marking.find("selectors");
        for (const model::Json selector : *selectors) named.emplace_back(selector.string());
      }
    const bool labels_cut = (chosen & 2) != 0;
    std::vector<std::string> expected = {"labels.[2]", "labels.[1]"};
    if (labels_cut) expected = {"labels.[1]"};
    if ((chosen & 1) == 0) expected.emplace_back("description");
    if (named != expected) return "selectors do not follow: " + *bytes;
  }
  return std::nullopt;
}

/// The right redaction, then `from` becomes `to` in its text.
Redact rewritten(std::string from, std::string to) {
  return [from = std::move(from), to = std::move(to)](std::string_view bytes,
                                                      const Cuts& cuts) -> Result<Bytes> {
    auto text = redact(bytes, cuts);
    if (text)
      if (const auto at = text->find(from); at != Bytes::npos) text->replace(at, from.size(), to);
    return text;
  };
}

const std::map<std::string, Redact> redaction_defects = {
    {"nothing is cut", [](std::string_view bytes, const Cuts&) -> Result<Bytes> { return Bytes(bytes); }},
    {"the last cut is forgotten",
     [](std::string_view bytes, const Cuts& cuts) {
       Cuts fewer = cuts;
       if (!fewer.selectors.empty()) fewer.selectors.pop_back();
       return redact(bytes, fewer);
     }},
    {"a member too many is cut",
     [](std::string_view bytes, const Cuts& cuts) {
       Cuts more = cuts;
       if (!more.selectors.empty()) more.selectors.emplace_back("description");
       return redact(bytes, more);
     }},
    {"a value is blanked, not removed", rewritten("\"shown \\\"name\\\"\"", "\"\"")},
    {"a value is written otherwise", rewritten("\\\"name\\\"", "\\u0022name\\u0022")},
    {"a member is added", rewritten("\"is_family\":true", "\"is_family\":true,\"redacted\":true")},
    {"an element is added", rewritten("\"three\"", "\"three\",\"four\"")},
    {"elements change places", rewritten("\"one\",\"three\"", "\"three\",\"one\"")},
    {"another place is left empty", rewritten("{\"source_name\":\"x\"}", "{}")},
    {"selectors stay as they were", rewritten(R"(["labels.[1]"])", R"(["labels.[2]"])")},
    {"a selector of what is gone stays", rewritten(R"(["labels.[1]"])", R"(["labels.[1]","description"])")}};

// ---------------------------------------------------------------- release

using Releases = std::function<Result<Released<Holding>>(const Scope&, Holding, Timestamp)>;

Holding holding_under(Label label, std::vector<GranularLabel> granular) {
  Holding holding;
  holding.bytes = std::make_shared<const std::string>(object_text);
  const auto document = model::JsonDocument::parse(object_text);
  const auto object = model::read_object(document->root());
  holding.id = object->id;
  holding.version = object->version;
  holding.label = std::move(label);
  holding.parts = std::move(granular);
  holding.removed = {"/sample_refs/0"};
  holding.alias = an_id<ExerciseId>(5).uuid;
  return holding;
}

/// Random labels, on the whole and on two parts, against the naive reading of who may see each.
Difference release_difference(const Releases& release_of, std::int64_t count) {
  const World world = small_world();
  Draw draw(62);
  std::int64_t cut = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Asker asker = draw.asker();
    const Scope scope = Scope::of(subject_of(world, asker));
    Label whole = draw.label();
    if (draw.one_in(3) && !whole.audience.empty()) whole.audience[0].owner = organisation(asker.who);
    whole = canonical(whole);
    const Label first = *join(whole, draw.label());
    const Label second = *join(whole, draw.label());
    const Holding holding = holding_under(
        whole,
        {{.selectors = {"description"}, .label = first}, {.selectors = {"labels.[1]"}, .label = second}});
    const Timestamp now{static_cast<std::int64_t>(draw.below(30))};
    const auto given = release_of(scope, holding, now);
    const bool sees = naive_may_see(world, asker, whole, now);
    if (given.has_value() != sees) return "given though hidden, or hidden though seen: " + label_json(whole);
    if (!given) continue;
    bool owns = true;
    for (const Clause& clause : whole.audience) owns = owns && clause.owner == organisation(asker.who);
    const Bytes& bytes = *given->look().bytes;
    const auto is_given = [&](const char* canary) { return bytes.find(canary) != Bytes::npos; };
    if (is_given("canary description") != (owns || naive_may_see(world, asker, first, now)) ||
        is_given("canary label") != (owns || naive_may_see(world, asker, second, now)))
      return "a part is given to the wrong reader: " + bytes;
    if (is_given("ca4a") != owns) return "a removed reference is given to another than the owner";
    if (!owns &&
        (!given->look().removed.empty() || !given->look().parts.empty() || !given->look().alias.is_nil()))
      return "what was hidden travels beside the bytes";
    cut += bytes.size() < std::string_view(object_text).size() ? 1 : 0;
  }
  if (cut * 50 < count) return "hardly anything is cut: the comparison says nothing";
  return std::nullopt;
}

const std::map<std::string, Releases> release_defects = {
    {"the label is not asked",
     [](const Scope& scope, Holding holding, Timestamp now) {
       if (!scope.sees(holding.label, now)) return release(Scope::everything("defect"), holding, now);
       return release(scope, holding, now);
     }},
    {"the label is asked at another time",
     [](const Scope& scope, Holding holding, Timestamp) {
       return release(scope, std::move(holding), {1'000});
     }},
    {"parts are forgotten",
     [](const Scope& scope, Holding holding, Timestamp now) {
       holding.parts.clear();
       return release(scope, std::move(holding), now);
     }},
    {"only the first part counts",
     [](const Scope& scope, Holding holding, Timestamp now) {
       holding.parts.resize(1);
       return release(scope, std::move(holding), now);
     }},
    {"parts are judged by the label of the whole",
     [](const Scope& scope, Holding holding, Timestamp now) {
       for (GranularLabel& part : holding.parts) part.label = holding.label;
       return release(scope, std::move(holding), now);
     }},
    {"removed references are forgotten",
     [](const Scope& scope, Holding holding, Timestamp now) {
       holding.removed.clear();
       return release(scope, std::move(holding), now);
     }},
    {"whoever owns one clause is given all",
     [](const Scope& scope, Holding holding, Timestamp now) {
       const auto& audience = holding.label.audience;
       const bool owns_one = std::any_of(audience.begin(), audience.end(), [&](const Clause& clause) {
         return clause.owner == scope.subject().own.organisation;
       });
       return release(owns_one ? Scope::everything("defect") : scope, std::move(holding), now);
     }},
    {"the owner is given no more than others", [](const Scope& scope, Holding holding, Timestamp now) {
       if (owns_every_clause(scope.subject(), holding.label)) {
         holding.bytes = std::make_shared<const std::string>(
             *redact(*holding.bytes, {.selectors = {}, .pointers = {"/sample_refs/0"}, .id = ""}));
         holding.removed.clear();
       }
       return release(scope, std::move(holding), now);
     }}};

// ---------------------------------------------------------------- membership

using MaySee = bool (*)(const Subject&, const Label&, Timestamp);

/// Circles of random history: who joins later sees nothing of before, who left sees nothing any more.
Difference membership_difference(MaySee decide) {
  Draw draw(63);
  for (int i = 0; i < 500; ++i) {
    World world;
    auto& versions = world.circles[circle_p].versions;
    for (int version = 0; version < 5; ++version) {
      std::set<Member> members;
      for (const char letter : {'B', 'C', 'D'})
        if (draw.one_in(2)) members.insert(letter);
      versions.push_back(members);
    }
    for (std::uint32_t shared_at = 1; shared_at <= 6; ++shared_at) {
      Label label;
      label.audience = {{organisation('A'), CircleAudience{circle_p, shared_at}}};
      for (const char letter : {'B', 'C', 'D'}) {
        const Asker asker{
            .who = letter, .person = pat, .compartments = {}, .clearances = {}, .exercises = {}};
        const bool was_inside = shared_at <= 5 && versions[shared_at - 1].contains(letter);
        const bool is_inside = versions.back().contains(letter);
        if (decide(subject_of(world, asker), label, {0}) != (was_inside && is_inside))
          return std::string(1, letter) + " at " + label_json(label);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("join is the naive reading, part by part") {
  const auto found = join_difference(&join, shieldwall::tests::test_size("label_properties"));
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("every defect seeded in join is noticed") {
  for (const auto& [name, defect] : join_defects) CHECK_MESSAGE(join_difference(defect, 4'000), name);
}

TEST_CASE("redaction removes what it is told to, and does nothing else") {
  const auto found = redaction_difference(&redact);
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("every defect seeded in redaction is noticed") {
  for (const auto& [name, defect] : redaction_defects) CHECK_MESSAGE(redaction_difference(defect), name);
}

TEST_CASE("release gives each reader what the naive reading lets it see, and nothing else") {
  const auto found = release_difference(
      [](const Scope& scope, Holding holding, Timestamp now) {
        return release(scope, std::move(holding), now);
      },
      shieldwall::tests::test_size("label_properties"));
  CHECK_MESSAGE(!found, *found);
}

TEST_CASE("every defect seeded in release is noticed") {
  for (const auto& [name, defect] : release_defects) CHECK_MESSAGE(release_difference(defect, 4'000), name);
}

TEST_CASE("a later joiner never sees earlier shares, and every way to let it in is noticed") {
  CHECK_FALSE(membership_difference(&may_see));
  CHECK(membership_difference(&Decision<Rule::inside_then>::may_see));
  CHECK(membership_difference(&Decision<Rule::inside_now>::may_see));
  CHECK(membership_difference(&Decision<Rule::version_known>::may_see));
  CHECK(membership_difference(&Decision<Rule::same_circle>::may_see) ==
        std::nullopt);  // one circle: no matter
}

}  // namespace shieldwall::policy
