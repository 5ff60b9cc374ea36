#include "exchange/federation/reconcile_frames.h"

#include <algorithm>

#include "exchange/federation/envelope.h"
#include "policy/byte_form.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;
using reconcile::Element;
using reconcile::Symbol;

constexpr std::uint8_t form_version = 1;
constexpr std::size_t element_bytes = 24;
constexpr std::size_t symbol_bytes = 36;
constexpr std::size_t held_bytes_least = 4 + 1 + 4;
constexpr std::size_t statement_bytes_max = 2u << 20;

Done check_form(ByteReader& in) {
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  return {};
}

Result<ReconcileAsk> read_ask(ByteReader& in) {
  const auto ask = TRY(in.number<std::uint8_t>());
  if (ask < 1 || ask > 6) return in.refuse("no such question");
  return static_cast<ReconcileAsk>(ask);
}

Result<Element> read_element(ByteReader& in) {
  const auto bytes = TRY(in.raw(element_bytes));
  Element element;
  std::ranges::copy(bytes, element.bytes.begin());
  return element;
}

void write_symbol(ByteWriter& out, const Symbol& symbol) {
  out.raw(symbol.sum.view());
  out.number(symbol.hashes);
  out.number(static_cast<std::int32_t>(symbol.count));
}

Result<Symbol> read_symbol(ByteReader& in) {
  Symbol symbol;
  symbol.sum = TRY(read_element(in));
  symbol.hashes = TRY(in.number<std::uint64_t>());
  symbol.count = TRY(in.number<std::int32_t>());
  return symbol;
}

void write_wanted(ByteWriter& out, const SymbolsWanted& wanted) {
  out.number(std::uint8_t{wanted.sent});
  out.raw(wanted.key.view());
  out.number(wanted.bits);
  out.number(wanted.part);
  out.number(wanted.from);
  out.number(wanted.count);
}

Result<SymbolsWanted> read_wanted(ByteReader& in) {
  SymbolsWanted wanted;
  wanted.sent = TRY(in.flag());
  const auto key = TRY(in.raw(sizeof(wanted.key.bytes)));
  std::ranges::copy(key, wanted.key.bytes.begin());
  wanted.bits = TRY(in.number<std::uint8_t>());
  wanted.part = TRY(in.number<std::uint32_t>());
  if (wanted.bits > part_bits_max || wanted.part >> wanted.bits != 0)
    return in.refuse("no such part of a set");
  wanted.from = TRY(in.number<std::uint32_t>());
  wanted.count = TRY(in.number<std::uint32_t>());
  if (wanted.count == 0 || wanted.count > symbols_at_once_max || wanted.from > symbols_of_part_max ||
      wanted.from + wanted.count > symbols_of_part_max)
    return in.refuse("more symbols than may be asked for");
  return wanted;
}

void write_held(ByteWriter& out, const HeldStatement& held) {
  out.counted(policy::encode(held.statement));
  out.number(std::uint8_t{held.secret.has_value()});
  if (held.secret) out.digest(*held.secret);
  out.counted(held.object);
}

Result<HeldStatement> read_held(ByteReader& in) {
  HeldStatement held;
  const auto statement = TRY(in.counted(statement_bytes_max));
  held.statement = TRY(policy::decode_signed_statement(statement));
  if (TRY(in.flag())) held.secret = TRY(in.digest());
  const auto object = TRY(in.counted(object_bytes_max));
  held.object = Bytes(object);
  return held;
}

Result<std::vector<HeldStatement>> read_all_held(ByteReader& in) {
  const auto count = TRY(in.count(elements_at_once_max, held_bytes_least));
  std::vector<HeldStatement> all;
  while (all.size() < count) {
    auto one = TRY(read_held(in));
    all.push_back(std::move(one));
  }
  return all;
}

Done check_size(std::string_view bytes) {
  if (bytes.size() > page_bytes_max)
    return fail(ErrorCode::exhausted, "a message of more than {} bytes", page_bytes_max);
  return {};
}

}  // namespace

Bytes encode(const ReconcileRequest& request) {
  ByteWriter out;
  out.number(form_version);
  out.number(static_cast<std::uint8_t>(request.ask));
  if (request.ask == ReconcileAsk::symbols) write_wanted(out, request.wanted);
  if (request.ask == ReconcileAsk::again || request.ask == ReconcileAsk::give)
    out.list(request.elements, [](ByteWriter& to, const Element& element) { to.raw(element.view()); });
  if (request.ask == ReconcileAsk::keep) out.list(request.held, write_held);
  return std::move(out).take();
}

Result<ReconcileRequest> decode_reconcile_request(std::string_view bytes) {
  TRY(check_size(bytes));
  ByteReader in(bytes, "question of a reconciliation");
  TRY(check_form(in));
  ReconcileRequest request;
  request.ask = TRY(read_ask(in));
  if (request.ask == ReconcileAsk::symbols) request.wanted = TRY(read_wanted(in));
  if (request.ask == ReconcileAsk::again || request.ask == ReconcileAsk::give)
    request.elements = TRY(in.ascending_list(elements_at_once_max, element_bytes, read_element));
  if (request.ask == ReconcileAsk::keep) request.held = TRY(read_all_held(in));
  TRY(in.finish());
  return request;
}

Bytes encode(const ReconcileAnswer& answer) {
  ByteWriter out;
  out.number(form_version);
  out.number(static_cast<std::uint8_t>(answer.ask));
  if (answer.ask == ReconcileAsk::due) out.number(std::uint8_t{answer.due});
  if (answer.ask == ReconcileAsk::symbols) {
    out.number(answer.size);
    out.list(answer.symbols, write_symbol);
  }
  if (answer.ask == ReconcileAsk::again || answer.ask == ReconcileAsk::keep) out.number(answer.count);
  if (answer.ask == ReconcileAsk::give) out.list(answer.held, write_held);
  return std::move(out).take();
}

Result<ReconcileAnswer> decode_reconcile_answer(std::string_view bytes) {
  TRY(check_size(bytes));
  ByteReader in(bytes, "answer of a reconciliation");
  TRY(check_form(in));
  ReconcileAnswer answer;
  answer.ask = TRY(read_ask(in));
  if (answer.ask == ReconcileAsk::due) answer.due = TRY(in.flag());
  if (answer.ask == ReconcileAsk::symbols) {
    answer.size = TRY(in.number<std::uint64_t>());
    const auto count = TRY(in.count(symbols_at_once_max, symbol_bytes));
    while (answer.symbols.size() < count) {
      const auto symbol = TRY(read_symbol(in));
      answer.symbols.push_back(symbol);
    }
  }
  if (answer.ask == ReconcileAsk::again || answer.ask == ReconcileAsk::keep)
    answer.count = TRY(in.number<std::uint32_t>());
  if (answer.ask == ReconcileAsk::give) answer.held = TRY(read_all_held(in));
  TRY(in.finish());
  return answer;
}

}  // namespace shieldwall::exchange::federation
