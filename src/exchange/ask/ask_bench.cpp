// The private look-up beside libsodium's bare scalar multiplications, in the same run: what share of them its
// evaluations reach, alone and in verifiable batches; and the set of tags for a million values.

#include <benchmark/benchmark.h>
#include <sodium.h>

#include "exchange/ask/filter.h"

using namespace shieldwall;
using namespace shieldwall::exchange;
using namespace shieldwall::exchange::voprf;

namespace {

constexpr std::size_t batch = 1'000;

const KeyPair& a_key() {
  static const auto key = *derive_key_pair(Mode::voprf, std::string(32, 'k'), "bench");
  return key;
}

const std::vector<Element>& questions() {
  static const auto elements = [] {
    std::vector<Element> all;
    for (std::size_t i = 0; i < batch; ++i)
      all.push_back(blind(Mode::voprf, fmt::format("domain:d{}.example", i), system_random())->element);
    return all;
  }();
  return elements;
}

/// The floor: what libsodium does for one element and no more.
void bare_multiplication(benchmark::State& state) {
  Element product;
  for (auto _ : state)
    for (const auto& element : questions())
      if (crypto_scalarmult_ristretto255(
              product.bytes.data(), a_key().secret.bytes.data(), element.bytes.data()) != 0)
        state.SkipWithError("no product");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}

void evaluation(benchmark::State& state, Mode mode) {
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(mode, a_key(), questions(), system_random()));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}

void evaluation_alone(benchmark::State& state) {
  evaluation(state, Mode::oprf);
}

void verifiable_batch(benchmark::State& state) {
  evaluation(state, Mode::voprf);
}

/// As a node answers a request: the elements are bytes of an outsider.
void verifiable_batch_received(benchmark::State& state) {
  std::vector<Bytes> received;
  for (const auto& element : questions()) received.emplace_back(element.view());
  for (auto _ : state)
    benchmark::DoNotOptimize(evaluate_received(Mode::voprf, a_key(), received, system_random()));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}

void asker(benchmark::State& state) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < batch; ++i) texts.push_back(fmt::format("domain:d{}.example", i));
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  for (auto _ : state) {
    std::vector<Blinded> blinded;
    std::vector<Element> elements;
    for (const auto value : values) {
      blinded.push_back(*blind(Mode::voprf, value, system_random()));
      elements.push_back(blinded.back().element);
    }
    state.PauseTiming();
    const auto answer = *evaluate(Mode::voprf, a_key(), elements, system_random());
    state.ResumeTiming();
    benchmark::DoNotOptimize(finalize(Mode::voprf, a_key().open, values, blinded, answer));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch));
}

void set_of_tags(benchmark::State& state) {
  SeededRandom random(3);
  std::vector<ask::Entry> entries(static_cast<std::size_t>(state.range(0)));
  for (auto& entry : entries) entry = {random.next(), static_cast<std::uint32_t>(random.next()), 1};
  std::size_t bytes = 0;
  for (auto _ : state) bytes = ask::make_filter(1, a_key().open, entries, std::string(32, 'p'))->size();
  state.counters["bytes_per_value"] = static_cast<double>(bytes) / static_cast<double>(entries.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK(bare_multiplication)->Unit(benchmark::kMillisecond);
BENCHMARK(evaluation_alone)->Unit(benchmark::kMillisecond);
BENCHMARK(verifiable_batch)->Unit(benchmark::kMillisecond);
BENCHMARK(verifiable_batch_received)->Unit(benchmark::kMillisecond);
BENCHMARK(asker)->Unit(benchmark::kMillisecond);
BENCHMARK(set_of_tags)->Arg(1 << 20)->Unit(benchmark::kMillisecond);

}  // namespace
