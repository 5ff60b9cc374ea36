// A member that holds all its keys and lies. Row by row: what it does, and what an honest node must do. After
// each lie the honest node still serves its neighbours, and holds nothing of it.

#include "exchange/federation/anonymous.h"
#include "server/alliance_defects.h"
#include "test_size.h"

using namespace shieldwall;
using namespace shieldwall::server;

namespace {

constexpr std::uint64_t lie_number = 666;  // of the object that must never be held

/// What a content lie is made from: honest until edited.
struct Draft {
  policy::Statement statement{};
  fed::Contents contents{};
  SigningKey key;
};

/// A founder and neighbour, a liar, and an honest node that both bring things to.
class Stage {
 public:
  explicit Stage(std::uint64_t seed)
      : world_(seed),
        neighbour(world_.node("neighbour")),
        liar(world_.node("liar")),
        honest(world_.node("honest")) {
    roster = world_.ally("shield", {&neighbour, &liar, &honest});
  }

  policy::Roster honest_roster() { return honest.federation().known()->newest.front().roster; }
  Random& random() { return world_.sim.random; }
  Timestamp now() const { return world_.sim.clock.now(); }

  Draft draft(std::string text = indicator_text(lie_number, 1)) {
    Draft made{.contents = {.object = std::move(text)}, .key = liar.keys().statement};
    random().fill(made.contents.secret.bytes);
    policy::AllianceAudience all{
        .alliance = roster.alliance, .roster_version = roster.version, .nations = {}, .organisations = {}};
    for (const auto& member : roster.members) all.organisations.push_back(member.organisation);
    auto& statement = made.statement;
    statement.alliance = roster.alliance;
    statement.origin = liar.home();
    statement.release = policy::ReleaseId::random(random());
    statement.object =
        policy::StatedObject{indicator_id(lie_number), *parse_lenient_time("2020-01-01T00:01:00Z")};
    statement.label = {
        .tlp = policy::Tlp::amber, .audience = {{liar.home(), all}}, .compartments = {}, .persons = {}};
    statement.key = policy::key_id(liar.keys().public_statement());
    commit(made);
    return made;
  }
  /// As the bytes and the label stand now.
  void commit(Draft& draft) {
    auto& statement = draft.statement;
    const auto& contents = draft.contents;
    statement.commitment = policy::commitment_to(contents.object, policy::commitment_salt(contents.secret));
    if (const auto tree = policy::FieldTree::of(contents.object, contents.secret))
      statement.field_root = tree->root();
    else
      statement.field_root = Digest{};
    name_audience(draft);
  }
  void name_audience(Draft& draft) {
    if (const auto named = policy::audience_of(draft.statement.label, {&roster, 1}, {}))
      draft.statement.audience = policy::audience_digest(*named);
  }
  void sign(Draft& draft) {
    auto& made = draft.contents.statement;
    made.statement = policy::encode(draft.statement);
    const Digest leaves[] = {policy::statement_digest(made.statement)};
    const auto batch = *policy::make_batch(leaves, random());
    made.path = batch.paths.front();
    made.signature = Bytes(draft.key.sign(policy::batch_text(batch.root)).view());
  }

  /// The epoch key of the liar's deliveries, for the honest node.
  fed::Delivery grant(const OrganisationId& origin, const SigningKey& signer) {
    epoch_ = {
        .alliance = roster.alliance, .origin = origin, .epoch = fed::EpochId::random(random()), .number = 1};
    random().fill(epoch_.key.bytes);
    return carried(fed::ItemKind::epoch_key, *fed::seal(epoch_, signer, honest.keys().public_sealing()));
  }
  fed::Delivery grant() { return grant(liar.home(), liar.keys().statement); }
  Bytes envelope(const Draft& draft) {
    return *fed::seal({.epoch = epoch_.epoch, .commitment = draft.statement.commitment},
                      draft.contents,
                      epoch_.key,
                      random());
  }
  fed::Delivery carried(fed::ItemKind kind, Bytes item) {
    fed::Delivery delivery{.kind = kind, .to = policy::key_id(honest.keys().public_sealing())};
    delivery.digest = sha256(item);
    delivery.item = std::move(item);
    return delivery;
  }

  /// A page that goes on where the honest node stands.
  fed::Page page(std::vector<fed::Delivery> deliveries) {
    const auto stand = *fed::in_stand(honest.records(), liar.home());
    fed::Page made{.chain = stand.chain, .deliveries = std::move(deliveries)};
    for (std::size_t i = 0; i < made.deliveries.size(); ++i) made.deliveries[i].number = stand.last + 1 + i;
    return made;
  }
  net::Response push(std::vector<fed::Delivery> deliveries) {
    return ask(net::Method::post, "/federation/push", fed::encode(page(std::move(deliveries))));
  }
  net::Response ask(net::Method method, std::string target, Bytes body, std::optional<Digest> pin = {}) {
    last_body = body;
    return honest.answer({.method = method,
                          .target = std::move(target),
                          .body = std::move(body),
                          .peer_address = "liar",
                          .client_certificate_pin = pin ? *pin : liar.pin()});
  }
  net::Response tell(Draft& draft) {
    auto first = grant();
    return push({std::move(first), carried(fed::ItemKind::envelope, envelope(draft))});
  }
  net::Response poll(const fed::Ack& ack) {
    return ask(net::Method::post, "/federation/poll", fed::encode(fed::Poll{.ack = ack}));
  }
  fed::Ack ack() {
    const auto stand = *fed::out_stand(honest.records(), liar.home());
    return {.from = honest.home(), .by = liar.home(), .last = stand.last, .chain = stand.chain, .at = now()};
  }

  std::size_t evidence() {
    return honest.records()
        .scan(ledger::statement_table, "refused/" + liar.home().text() + "/", "", 500)
        ->size();
  }
  bool holds_the_lie() {
    return honest.store()
        .objects()
        .get(policy::Scope::everything("simulation"), indicator_id(lie_number))
        .has_value();
  }
  /// Whether what the neighbour shares still comes to the honest node.
  bool neighbour_is_served() {
    const auto number = next_++;
    const auto circle = ledger::circle_of(roster.alliance, neighbour.home());
    auto label = ledger::label_for(ledger::read_circle(neighbour.records(), circle)->value, neighbour.home());
    label.tlp = policy::Tlp::amber;
    REQUIRE(put_own(neighbour, indicator_text(number, 1), circle, label));
    while (neighbour.federation().release().value_or(false)) {
    }
    static_cast<void>(honest.federation().fetch_from(neighbour.home(), seconds(0)));
    return honest.has(indicator_id(number));
  }

 private:
  AllianceWorld world_;

 public:
  AllianceNode& neighbour;
  AllianceNode& liar;
  AllianceNode& honest;
  policy::Roster roster{};
  Bytes last_body{};

 private:
  fed::EpochGrant epoch_{};
  std::uint64_t next_ = 1;
};

enum class Must {
  keep_evidence,   // refuse it, tell so, and keep what was signed
  tell,            // refuse it and tell so: nothing signed could be read
  refuse_request,  // not even begin: an error, and nothing changes
  bear_it,         // it does no harm
};

struct Behaviour {
  std::string_view name;
  Must must;
  std::string_view because;  // in the reason that the liar is told; empty: any
  net::Response (*act)(Stage& stage);
};

// ---- lies about one object: a draft, edited before or after it is signed

template <auto Edit>
net::Response before_signing(Stage& stage) {
  auto draft = stage.draft();
  Edit(stage, draft);
  stage.sign(draft);
  return stage.tell(draft);
}
template <auto Edit>
net::Response after_signing(Stage& stage) {
  auto draft = stage.draft();
  stage.sign(draft);
  Edit(stage, draft);
  return stage.tell(draft);
}
/// Over bytes of its own, rightly committed to.
template <auto Text>
net::Response with_bytes(Stage& stage) {
  auto draft = stage.draft(Text());
  stage.sign(draft);
  return stage.tell(draft);
}

void flip(Stage& stage, Bytes& bytes) {
  auto& byte = bytes[stage.random().below(bytes.size())];
  byte = static_cast<char>(byte ^ 1);
}

/// A second statement of a release of which the first was taken.
template <auto Edit>
net::Response second_of_release(Stage& stage) {
  auto first = stage.draft(indicator_text(7, 1));
  first.statement.object->id = indicator_id(7);
  stage.sign(first);
  stage.tell(first);
  auto second = stage.draft();
  second.statement.release = first.statement.release;
  second.statement.number = 2;
  second.statement.predecessor = policy::statement_digest(first.contents.statement.statement);
  Edit(stage, second);
  stage.sign(second);
  return stage.tell(second);
}

/// An amendment of a release of which the first was taken, over the same bytes.
template <auto Edit>
net::Response amendment(Stage& stage) {
  auto draft = stage.draft(indicator_text(7, 1));
  draft.statement.object->id = indicator_id(7);
  stage.sign(draft);
  stage.tell(draft);
  draft.statement.kind = policy::StatementKind::amend;
  draft.statement.number = 2;
  draft.statement.predecessor = policy::statement_digest(draft.contents.statement.statement);
  Edit(stage, draft);
  stage.sign(draft);
  return stage.tell(draft);
}

/// Altered on its way, after it was sealed.
template <auto Edit>
net::Response sealed_then(Stage& stage) {
  auto draft = stage.draft();
  stage.sign(draft);
  auto grant = stage.grant();
  auto item = stage.envelope(draft);
  Edit(stage, item);
  return stage.push({std::move(grant), stage.carried(fed::ItemKind::envelope, std::move(item))});
}

template <auto Edit>
net::Response page_with(Stage& stage) {
  auto draft = stage.draft();
  stage.sign(draft);
  auto grant = stage.grant();
  auto page = stage.page({std::move(grant), stage.carried(fed::ItemKind::envelope, stage.envelope(draft))});
  Edit(stage, page);
  return stage.ask(net::Method::post, "/federation/push", fed::encode(page));
}

template <auto Edit>
net::Response poll_with(Stage& stage) {
  auto ack = stage.ack();
  auto key = stage.liar.keys().statement;
  Edit(stage, ack, key);
  fed::sign(ack, key);
  return stage.poll(ack);
}

template <auto Edit>
net::Response roster_with(Stage& stage) {
  auto next = stage.roster;
  ++next.version;
  next.predecessor = policy::digest_of(stage.roster);
  Edit(stage, next);
  ledger::SignedRoster wish{.roster = policy::canonical(next)};
  ledger::sign(wish, stage.liar.home(), stage.liar.keys().root);
  return stage.ask(net::Method::post, "/federation/rosters", fed::encode_rosters({wish}));
}

std::string nested() {
  return R"({"type":"indicator","x":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
}

/// Two histories of the liar's log, shown one after the other; answers as the witness did.
net::Response two_histories(Stage& stage) {
  tests::CrashFs disk;
  const auto& keys = stage.liar.keys();
  const auto name = *ledger::NoteKey::make(
      log_origin(stage.liar.home()), ledger::NoteKeyType::ed25519, keys.statement.verify_key());
  net::Response last;
  for (const auto* folder : {"/one", "/two"}) {
    auto log = *ledger::NodeLog::open({.folder = folder, .signers = {{name, keys.statement}}}, disk);
    const ledger::NewEntry entries[] = {{.entry = ledger::commit(folder, stage.random()).entry()},
                                        {.entry = ledger::commit(folder, stage.random()).entry()}};
    REQUIRE(log->append(std::span(entries).first(std::string_view(folder) == "/one" ? 1 : 2)));
    REQUIRE(log->publish());
    const auto& witness = stage.honest;
    ledger::WitnessPeer peer{.key = *ledger::NoteKey::make(witness_name(witness.home()),
                                                           ledger::NoteKeyType::cosignature,
                                                           witness.keys().witness.verify_key()),
                             .send = [&](const std::string& body) -> Result<std::pair<int, std::string>> {
                               last = stage.ask(
                                   net::Method::post, "/federation/witness/add-checkpoint", Bytes(body));
                               return std::pair{last.status, std::string(last.bytes())};
                             }};
    static_cast<void>(ledger::ask_witness(*log, peer));
  }
  CHECK(stage.honest.witness().evidence()->size() == 1);
  return last;
}

template <auto Text>
net::Response checkpoint_with(Stage& stage) {
  return stage.ask(net::Method::post, "/federation/witness/add-checkpoint", Text(stage));
}

net::Response receipts_of_nothing(Stage& stage) {
  auto ack = stage.ack();
  for (std::uint64_t i = 1; i <= fed::page_deliveries_max; ++i)
    ack.receipts.push_back(
        {.number = 1'000'000 + i, .fate = fed::Fate::refused, .statement = {}, .reason = "so there"});
  fed::sign(ack, stage.liar.keys().statement);
  auto answer = stage.poll(ack);
  const auto prefix = fmt::format("receipt/{}/", stage.liar.home().text());
  CHECK(stage.honest.records().scan(ledger::outbox_table, prefix, "", 10)->empty());
  return answer;
}

using policy::StatementKind;

const Behaviour behaviours[] = {
    {"other bytes than those it signed",
     Must::keep_evidence,
     "commits to",
     after_signing<[](Stage&, Draft& d) {
       d.contents.object.replace(d.contents.object.find("h666"), 4, "good");
     }>},
    {"a commitment to other bytes",
     Must::keep_evidence,
     "commits to",
     before_signing<[](Stage& s, Draft& d) { s.random().fill(d.statement.commitment.bytes); }>},
    {"fields that are not the object's",
     Must::keep_evidence,
     "fields",
     before_signing<[](Stage& s, Draft& d) { s.random().fill(d.statement.field_root->bytes); }>},
    {"a label changed after it was signed", Must::keep_evidence, "", after_signing<[](Stage&, Draft& d) {
       d.statement.label.tlp = policy::Tlp::clear;
       d.contents.statement.statement = policy::encode(d.statement);
     }>},
    {"a signature with one bit changed",
     Must::keep_evidence,
     "signature",
     after_signing<[](Stage& s, Draft& d) { flip(s, d.contents.statement.signature); }>},
    {"another place in the batch",
     Must::keep_evidence,
     "signature",
     after_signing<[](Stage&, Draft& d) { d.contents.statement.path.position ^= 1; }>},
    {"a key that the roster does not list",
     Must::keep_evidence,
     "no key",
     before_signing<[](Stage& s, Draft& d) {
       d.key = SigningKey::make(s.random());
       d.statement.key = policy::key_id(
           {policy::KeyUse::statement, policy::Algorithm::ed25519, Bytes(d.key.verify_key().view())});
     }>},
    {"its witness key, for a statement",
     Must::keep_evidence,
     "no key",
     before_signing<[](Stage& s, Draft& d) {
       d.key = s.liar.keys().witness;
       d.statement.key = policy::key_id(s.liar.keys().public_witness());
     }>},
    {"a statement in the neighbour's name",
     Must::keep_evidence,
     "no key",
     before_signing<[](Stage& s, Draft& d) { d.statement.origin = s.neighbour.home(); }>},
    {"the neighbour's label, as its own",
     Must::keep_evidence,
     "another organisation owns",
     before_signing<[](Stage& s, Draft& d) {
       d.statement.label.audience.front().owner = s.neighbour.home();
       s.name_audience(d);
     }>},
    {"an audience set that is not its label's",
     Must::keep_evidence,
     "audience",
     before_signing<[](Stage& s, Draft& d) { s.random().fill(d.statement.audience.bytes); }>},
    {"what is for the neighbour alone",
     Must::keep_evidence,
     "not for this organisation",
     before_signing<[](Stage& s, Draft& d) {
       std::get<policy::AllianceAudience>(d.statement.label.audience.front().inside).organisations = {
           s.neighbour.home()};
       s.name_audience(d);
     }>},
    {"RED for a person elsewhere", Must::keep_evidence, "lets nobody", before_signing<[](Stage& s, Draft& d) {
       d.statement.label.tlp = policy::Tlp::red;
       d.statement.label.persons.emplace({policy::PersonKey{s.neighbour.home(), PersonId{}}});
     }>},
    {"a compartment that nobody here is in",
     Must::keep_evidence,
     "lets nobody",
     before_signing<[](Stage& s, Draft& d) {
       d.statement.label.compartments = {CompartmentId::random(s.random())};
     }>},
    {"an embargo that is not over",
     Must::keep_evidence,
     "lets nobody",
     before_signing<[](Stage& s, Draft& d) { d.statement.label.embargo = s.now() + hours(100); }>},
    {"a label whose time is over",
     Must::keep_evidence,
     "lets nobody",
     before_signing<[](Stage& s, Draft& d) { d.statement.label.end = s.now() - hours(1); }>},
    {"an exercise's object among the real ones",
     Must::keep_evidence,
     "lets nobody",
     before_signing<[](Stage& s, Draft& d) { d.statement.label.realm = policy::Realm::random(s.random()); }>},
    {"another object than its statement names",
     Must::keep_evidence,
     "names",
     before_signing<[](Stage&, Draft& d) { d.statement.object->id = indicator_id(5); }>},
    {"another version than its statement names",
     Must::keep_evidence,
     "names",
     before_signing<[](Stage&, Draft& d) { d.statement.object->version = Timestamp{1'000'000}; }>},
    {"an indicator as a sighting",
     Must::keep_evidence,
     "sighting",
     before_signing<[](Stage&, Draft& d) { d.statement.kind = StatementKind::sighting; }>},
    {"bytes that are no JSON", Must::keep_evidence, "", with_bytes<[] { return std::string("no JSON"); }>},
    {"JSON nested too deep", Must::keep_evidence, "", with_bytes<nested>},
    {"a key twice in one object", Must::keep_evidence, "", with_bytes<[] {
       auto text = indicator_text(lie_number, 1);
       return text.replace(1, 0, R"("type":"malware",)");
     }>},
    {"JSON that is no STIX",
     Must::keep_evidence,
     "",
     with_bytes<[] { return std::string(R"({"type":"indicator"})"); }>},
    {"a second statement that skips the first",
     Must::keep_evidence,
     "",
     second_of_release<[](Stage& s, Draft& d) { s.random().fill(d.statement.predecessor->bytes); }>},
    {"the same number again, with other contents",
     Must::keep_evidence,
     "was taken before",
     second_of_release<[](Stage&, Draft& d) {
       d.statement.number = 1;
       d.statement.predecessor.reset();
     }>},
    {"a successor for another object", Must::keep_evidence, "", second_of_release<[](Stage&, Draft&) {}>},
    {"an amendment that widens its label",
     Must::keep_evidence,
     "only narrows",
     amendment<[](Stage&, Draft& d) { d.statement.label.tlp = policy::Tlp::clear; }>},
    {"an amendment that puts other bytes in the place of those before",
     Must::keep_evidence,
     "leaves the bytes",
     amendment<[](Stage& s, Draft& d) {
       d.contents.object = indicator_text(lie_number, 1);
       d.contents.object.replace(d.contents.object.find("000000000666"), 12, "000000000007");
       s.commit(d);
     }>},
    {"an amendment of what the neighbour released",
     Must::keep_evidence,
     "no key",
     amendment<[](Stage& s, Draft& d) { d.statement.origin = s.neighbour.home(); }>},
    {"an amendment under another one's label", Must::keep_evidence, "", amendment<[](Stage& s, Draft& d) {
       d.statement.label.audience.front().owner = s.neighbour.home();
       s.name_audience(d);
     }>},
    {"an amendment that takes away what was never told",
     Must::bear_it,
     "",
     before_signing<[](Stage& s, Draft& d) {
       d.statement.kind = StatementKind::amend;
       d.statement.number = 9;
       d.statement.predecessor = Digest{};
       std::get<policy::AllianceAudience>(d.statement.label.audience.front().inside).organisations = {
           s.neighbour.home()};
       s.name_audience(d);
     }>},
    {"the neighbour's label, for somebody whom it does not name",
     Must::keep_evidence,
     "another organisation owns",
     before_signing<[](Stage& s, Draft& d) {
       d.statement.kind = StatementKind::delegate;
       d.statement.label.audience.front().owner = s.neighbour.home();
       s.name_audience(d);
     }>},
    {"an anonymous sighting, and it is no relay that vouches for it",
     Must::keep_evidence,
     "only a relay",
     before_signing<[](Stage& s, Draft& d) {
       const fed::AnonymousSighting seen{.alliance = s.roster.alliance,
                                         .to = s.honest.home(),
                                         .indicator = indicator_id(lie_number),
                                         .from = s.now() - days(2),
                                         .length = days(1),
                                         .count = 1};
       d.contents.object = *fed::seal(seen, s.honest.keys().public_sealing());
       s.commit(d);
       d.statement.kind = StatementKind::delegate;
       d.statement.object.reset();
       d.statement.field_root.reset();
     }>},
    {"an anonymous sighting, brought by the one who made it",
     Must::tell,
     "comes by a relay",
     [](Stage& s) {
       return s.push({s.carried(fed::ItemKind::anonymous, s.random().bytes(fed::anonymous_item_bytes))});
     }},
    {"an anonymous sighting for a relay to forget, of another length than all",
     Must::tell,
     "",
     [](Stage& s) {
       auto delivery = s.carried(fed::ItemKind::anonymous, s.random().bytes(100));
       delivery.to = policy::key_id(s.neighbour.keys().public_sealing());
       return s.push({delivery});
     }},
    {"a roster that nobody has heard of", Must::keep_evidence, "", before_signing<[](Stage&, Draft& d) {
       std::get<policy::AllianceAudience>(d.statement.label.audience.front().inside).roster_version = 99;
     }>},
    {"an epoch key in the neighbour's name",
     Must::tell,
     "did not sign",
     [](Stage& s) { return s.push({s.grant(s.neighbour.home(), s.liar.keys().statement)}); }},
    {"an epoch key signed by its witness key",
     Must::tell,
     "did not sign",
     [](Stage& s) { return s.push({s.grant(s.liar.home(), s.liar.keys().witness)}); }},
    {"an epoch key sealed to nobody",
     Must::tell,
     "",
     [](Stage& s) { return s.push({s.carried(fed::ItemKind::epoch_key, s.random().bytes(200))}); }},
    {"a sealed envelope with one bit changed", Must::tell, "", sealed_then<[](Stage& s, Bytes& item) {
       auto& byte = item[item.size() - 1 - s.random().below(900)];
       byte = static_cast<char>(byte ^ 1);
     }>},
    {"an envelope cut off",
     Must::tell,
     "",
     sealed_then<[](Stage& s, Bytes& item) { item.resize(s.random().below(item.size())); }>},
    {"an envelope of an epoch that was never granted",
     Must::tell,
     "was not given",
     [](Stage& s) {
       auto draft = s.draft();
       s.sign(draft);
       s.grant();
       return s.push({s.carried(fed::ItemKind::envelope, s.envelope(draft))});
     }},
    {"something for the neighbour, to be carried on",
     Must::tell,
     "does not carry",
     [](Stage& s) {
       auto delivery = s.carried(fed::ItemKind::envelope, s.random().bytes(300));
       delivery.to = policy::key_id(s.neighbour.keys().public_sealing());
       return s.push({delivery});
     }},
    {"a gap in its deliveries", Must::refuse_request, "missing", page_with<[](Stage&, fed::Page& page) {
       for (auto& one : page.deliveries) ++one.number;
     }>},
    {"another history of its deliveries",
     Must::refuse_request,
     "another history",
     page_with<[](Stage& s, fed::Page& page) { s.random().fill(page.chain.bytes); }>},
    {"a delivery number twice in one page",
     Must::refuse_request,
     "",
     page_with<[](Stage&, fed::Page& page) { page.deliveries[1].number = page.deliveries[0].number; }>},
    {"an item that is not its digest's",
     Must::refuse_request,
     "digest",
     page_with<[](Stage& s, fed::Page& page) { flip(s, page.deliveries[1].item); }>},
    {"more deliveries than a page may have",
     Must::refuse_request,
     "",
     [](Stage& s) {
       const auto one = s.carried(fed::ItemKind::envelope, Bytes("x"));
       return s.push(std::vector<fed::Delivery>(fed::page_deliveries_max + 1, one));
     }},
    {"bytes that are no page",
     Must::refuse_request,
     "",
     [](Stage& s) {
       return s.ask(net::Method::post, "/federation/push", s.random().bytes(1 + s.random().below(400)));
     }},
    {"a page larger than any",
     Must::refuse_request,
     "",
     [](Stage& s) {
       return s.ask(net::Method::post, "/federation/push", Bytes(fed::page_bytes_max + 1, 'x'));
     }},
    {"an acknowledgement that it did not sign",
     Must::refuse_request,
     "did not sign",
     poll_with<[](Stage& s, fed::Ack&, SigningKey& key) { key = SigningKey::make(s.random()); }>},
    {"an acknowledgement in the neighbour's name",
     Must::refuse_request,
     "did not sign",
     poll_with<[](Stage& s, fed::Ack& ack, SigningKey&) { ack.by = s.neighbour.home(); }>},
    {"an acknowledgement of the neighbour's deliveries",
     Must::refuse_request,
     "did not sign",
     poll_with<[](Stage& s, fed::Ack& ack, SigningKey&) { ack.from = s.neighbour.home(); }>},
    {"receipts for what was never sent", Must::bear_it, "", receipts_of_nothing},
    {"a greeting in the neighbour's name",
     Must::refuse_request,
     "another member",
     [](Stage& s) {
       return s.ask(net::Method::post,
                    "/federation/hello",
                    fed::encode(fed::Hello{.organisation = s.neighbour.home()}));
     }},
    {"a greeting with no version in common",
     Must::refuse_request,
     "upgrade",
     [](Stage& s) {
       return s.ask(net::Method::post,
                    "/federation/hello",
                    fed::encode(fed::Hello{.oldest = 900, .newest = 901, .organisation = s.liar.home()}));
     }},
    {"a certificate of nobody",
     Must::refuse_request,
     "handshake",
     [](Stage& s) { return s.ask(net::Method::post, "/federation/hello", {}, sha256(s.random().bytes(8))); }},
    {"a roster that it signed alone, without the honest node",
     Must::refuse_request,
     "signed by",
     roster_with<[](Stage& s, policy::Roster& next) {
       std::erase_if(next.members, [&](const auto& one) { return one.organisation == s.honest.home(); });
     }>},
    {"a roster that makes it a founder",
     Must::refuse_request,
     "signed by",
     roster_with<[](Stage& s, policy::Roster& next) { next.founders.push_back(s.liar.home()); }>},
    {"a roster with its key in the neighbour's entry",
     Must::refuse_request,
     "signed by",
     roster_with<[](Stage& s, policy::Roster& next) {
       for (auto& one : next.members)
         if (one.organisation == s.neighbour.home()) one.keys = s.liar.keys().public_keys();
     }>},
    {"a roster that leaves a version out",
     Must::refuse_request,
     "",
     roster_with<[](Stage&, policy::Roster& next) { ++next.version; }>},
    {"another roster of the same version",
     Must::bear_it,  // noted as a fork, and counts for nothing
     "",
     roster_with<[](Stage& s, policy::Roster& next) {
       next = s.roster;
       next.name = "shield of mine";
     }>},
    {"two histories of its log", Must::refuse_request, "", two_histories},
    {"a checkpoint that is no note",
     Must::refuse_request,
     "",
     checkpoint_with<[](Stage& s) { return Bytes("old 0\n\n") + s.random().bytes(50); }>},
    {"a checkpoint of the neighbour's log", Must::refuse_request, "", checkpoint_with<[](Stage& s) {
       const auto name = *ledger::NoteKey::make(log_origin(s.neighbour.home()),
                                                ledger::NoteKeyType::ed25519,
                                                s.liar.keys().statement.verify_key());
       ledger::Checkpoint made;
       made.origin = log_origin(s.neighbour.home());
       made.size = 3;
       ledger::AddCheckpoint request;
       request.note.text = made.text();
       request.note.signatures.push_back(ledger::sign_note(request.note.text, name, s.liar.keys().statement));
       return Bytes(request.text());
     }>},
    {"an acknowledgement of more than it was sent",
     Must::bear_it,
     "",
     poll_with<[](Stage& s, fed::Ack& ack, SigningKey&) {
       ack.last += 1 + s.random().below(1'000);
       s.random().fill(ack.chain.bytes);
     }>},
};

/// Empty when the honest node did what it must.
std::string judge(Stage& stage,
                  const Behaviour& behaviour,
                  const net::Response& answer,
                  std::size_t evidence) {
  const std::string told(answer.bytes());
  if (stage.holds_the_lie()) return "it holds the lie";
  if (!stage.neighbour_is_served()) return "its neighbour is not served any more";
  if (stage.honest_roster() != stage.roster) return "its roster is another one";
  if (behaviour.must == Must::bear_it) return {};
  if (behaviour.must == Must::refuse_request) {
    if (answer.status < 400 || answer.status == 500) return fmt::format("it answered {}", answer.status);
    return told.find(behaviour.because) == std::string::npos ? "it said: " + told : "";
  }
  const auto ack = answer.status == 200 ? fed::decode_ack(answer.bytes())
                                        : Result<fed::Ack>(fail(ErrorCode::invalid, "{}", told));
  if (!ack) return "no acknowledgement: " + ack.error().message;
  if (ack->receipts.empty() || ack->receipts.back().fate != fed::Fate::refused) return "it was not refused";
  if (ack->receipts.back().reason.find(behaviour.because) == std::string::npos)
    return "it said: " + ack->receipts.back().reason;
  const bool kept = stage.evidence() > evidence;
  if (behaviour.must == Must::keep_evidence && !kept) return "no evidence is kept";
  return {};
}

}  // namespace

TEST_CASE(
    "no lie of a member with all its keys is kept, each is answered, and the neighbours are served on") {
  const auto seeds = static_cast<std::uint64_t>(tests::test_size("byzantine_seeds"));
  CHECK(std::size(behaviours) >= 30);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const auto& behaviour : behaviours) {
      auto stage = std::make_unique<Stage>(seed);
      const auto evidence = stage->evidence();
      const auto answer = behaviour.act(*stage);
      const auto wrong = judge(*stage, behaviour, answer, evidence);
      CHECK_MESSAGE(wrong.empty(), fmt::format("seed {}, {}: {}", seed, behaviour.name, wrong));
    }
  }
}

TEST_CASE(
    "a receiver that skips the checks is noticed: label, signature, commitment and place in the release") {
  std::size_t noticed = 0;
  for (const auto& behaviour : behaviours) {
    if (behaviour.must != Must::keep_evidence) continue;
    Stage stage(1);
    const auto evidence = stage.evidence();
    const auto answer = behaviour.act(stage);
    BlindReceiver blind;
    blind.hear(stage.last_body);
    blind.take(stage.honest);
    noticed += judge(stage, behaviour, answer, evidence).empty() ? 0 : 1;
  }
  CHECK(noticed >= 18);  // but for bytes that nobody could hold, and labels whose time hides them
}
