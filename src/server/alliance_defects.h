#pragma once
// What is done wrong on purpose in a simulated alliance, to see that the oracle notices: each between the
// node and its store, its disk or its network, so that the product needs no hook for it.

#include "exchange/federation/epochs.h"
#include "exchange/federation/outbox.h"
#include "server/alliance_world.h"

namespace shieldwall::server {

enum class SimDefect : std::uint8_t {
  none,
  misled_sender,   // hands a member what was made for others; an honest receiver refuses it
  blind_receiver,  // the same, and the receiver checks no label
  early_ack,       // acknowledges what a power cut still takes away
  lying_disk,      // answers syncs without doing them
  number_twice,    // gives two deliveries one number
  two_histories,   // begins its log anew
};

/// Puts one of the sender's own releases that was not for that member into its queue.
inline void mislead(AllianceNode& sender, AllianceNode& member) {
  auto& records = sender.records();
  const auto known = sender.federation().known();
  const auto keys = known->keys(member.home(), policy::KeyUse::sealing);
  if (keys.empty()) return;
  const auto rows = *records.scan(ledger::statement_table, "own/", "", 50);
  for (const auto& row : rows) {
    const auto release = *fed::decode_own_release(row.value);
    const auto item = records.read(ledger::outbox_table, fed::item_key(release.item, release.item_at));
    std::vector<OrganisationId> recipients;
    for (const auto& one : release.recipients)
      if (!one.has_lost) recipients.push_back(one.organisation);
    if (release.recalled || !item || recipients.empty() ||
        std::ranges::binary_search(recipients, member.home()))
      continue;
    auto& services = sender.services();
    const auto epoch = fed::epoch_for(
        records, services.sealer, *known, known->newest.front().roster.alliance, recipients, services.random);
    if (!epoch || epoch->is_new) continue;
    fed::OutboxBatch batch(records);
    const auto to = policy::key_id(keys.front());
    const auto grant = *fed::seal(epoch->grant, sender.keys().statement, keys.front());
    if (!batch.add(member.home(), {.delivery = {.kind = fed::ItemKind::epoch_key, .to = to}}, grant) ||
        !batch.add(member.home(), {.delivery = {.kind = fed::ItemKind::envelope, .to = to}}, item->value))
      return;
    const auto writes = batch.take();
    if (records.write(writes)) static_cast<void>(sender.federation().refresh());
    return;
  }
}

/// Opens whatever it was brought and keeps it under whatever label it names.
class BlindReceiver {
 public:
  void hear(std::string_view bytes) {
    if (auto page = fed::decode_page(bytes)) pages_.push_back(std::move(*page));
  }
  void take(AllianceNode& node) {
    for (const auto& page : std::exchange(pages_, {}))
      for (const auto& delivery : page.deliveries)
        if (delivery.kind == fed::ItemKind::envelope) take(node, delivery);
  }

 private:
  static void take(AllianceNode& node, const fed::Delivery& delivery) {
    const auto envelope = fed::decode_envelope(delivery.item);
    if (!envelope) return;
    for (const auto& origin : node.federation().known()->others()) {
      const auto grant =
          fed::epoch_received(node.records(), node.services().sealer, origin, envelope->header.epoch);
      const auto contents =
          grant ? fed::open(*envelope, grant->key) : Result<fed::Contents>(fail(grant.error()));
      if (!contents || contents->object.empty()) continue;
      const auto statement = *policy::decode_statement(contents->statement.statement);
      const auto document = model::JsonDocument::parse(contents->object);
      if (!document) continue;
      auto object = model::read_object(document->root());
      if (!object) continue;
      const store::NewHolding holding{.object = std::move(*object),
                                      .text = {},
                                      .source = {policy::Source::Kind::member, origin.uuid},
                                      .collection = ledger::circle_of(statement.alliance, node.home()),
                                      .label = statement.label,
                                      .parts = {}};
      static_cast<void>(node.store().objects().put({&holding, 1}, Deadline::none()));
    }
  }

  std::vector<fed::Page> pages_;
};

/// Acknowledges a push at once, and takes it when there is time.
class EarlyPromise {
 public:
  std::optional<net::Response> make(AllianceNode& node, const net::Request& request) {
    if (keeping_) return std::nullopt;
    const auto page = fed::decode_page(request.body);
    const auto known = node.federation().known();
    const auto peer = known->pins.find(*request.client_certificate_pin);
    if (!page || page->deliveries.empty() || peer == known->pins.end()) return std::nullopt;
    fed::Ack ack{.from = peer->second, .by = node.home(), .at = node.clock().now()};
    ack.chain = page->chain;
    for (const auto& delivery : page->deliveries) ack.chain = fed::chain_after(ack.chain, delivery);
    ack.last = page->deliveries.back().number;
    fed::sign(ack, node.keys().statement);
    promised_.push_back(request);
    return net::Response{.status = 200, .body = fed::encode(ack)};
  }
  void keep(AllianceNode& node) {
    keeping_ = true;
    for (const auto& request : std::exchange(promised_, {})) node.answer(net::Request(request));
    keeping_ = false;
  }
  void forget() { promised_.clear(); }

 private:
  std::vector<net::Request> promised_;
  bool keeping_ = false;
};

/// Reads now and then what stood before in the row that numbers deliveries.
class RepeatingStore final : public store::Store {
 public:
  explicit RepeatingStore(std::unique_ptr<store::Store> inner)
      : inner_(std::move(inner)), records_(*inner_) {}

  store::Objects& objects() override { return inner_->objects(); }
  store::Records& records() override { return records_; }
  store::Blobs& blobs() override { return inner_->blobs(); }
  store::Settings& settings() override { return inner_->settings(); }
  store::Log& audit() override { return inner_->audit(); }
  Done backup(const std::string& path) override { return inner_->backup(path); }
  Result<std::vector<std::string>> check() override { return inner_->check(); }

 private:
  class Rows final : public store::Records {
   public:
    explicit Rows(store::Store& inner) : inner_(inner.records()) {}
    Done write(std::span<const store::Write> batch) override { return inner_.write(batch); }
    Result<store::Record> read(store::Table table, std::string_view key) override {
      auto row = TRY(inner_.read(table, key));
      if (table != ledger::outbox_table || !key.starts_with("out/")) return row;
      auto& stood = stood_[std::string(key)];
      if (!stood.empty() && ++reads_ % 3 == 0)
        row.value = stood;
      else
        stood = row.value;
      return row;
    }
    Result<std::vector<store::Record>> scan(store::Table table,
                                            std::string_view prefix,
                                            std::string_view after,
                                            int limit) override {
      return inner_.scan(table, prefix, after, limit);
    }
    Result<bool> expire(Timestamp now) override { return inner_.expire(now); }

   private:
    store::Records& inner_;
    std::map<std::string, Bytes> stood_;
    int reads_ = 0;
  };

  std::unique_ptr<store::Store> inner_;
  Rows records_;
};

}  // namespace shieldwall::server
