#include <benchmark/benchmark.h>

#include "policy/program.hpp"

namespace mlean::policy {
namespace {

constexpr std::string_view kGate = "metrics.auc >= prod.metrics.auc - 0.002";

Value Root() {
  const Value metrics = Value::Object({{"auc", 0.7}, {"f1", 0.5}, {"logloss", 0.4}, {"rows", 82767}});
  return Value::Object({{"metrics", metrics}, {"prod", Value::Object({{"metrics", metrics}})}, {"approvals", Value::ListOf({})}});
}

void BM_Compile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Program::Compile(kGate));
}
BENCHMARK(BM_Compile);

void BM_Evaluate(benchmark::State& state) {
  const Result<Program> program = Program::Compile(kGate);
  const Value root = Root();
  for (auto _ : state) benchmark::DoNotOptimize(program->Evaluate(root));
}
BENCHMARK(BM_Evaluate);

void BM_Decide(benchmark::State& state) {
  const Result<Program> program = Program::Compile(kGate);
  const Value root = Root();
  for (auto _ : state) benchmark::DoNotOptimize(program->Decide(root));
}
BENCHMARK(BM_Decide);

}  // namespace
}  // namespace mlean::policy
