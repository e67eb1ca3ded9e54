// What the verbs of plots have in common: display properties, and giving out what was collected.
#pragma once

#include <vector>

#include "flows/data/repository.hpp"
#include "metrics/plot_definition.hpp"
#include "verbs/verb.hpp"

namespace mlean::verbs {

std::vector<OptionSpec> PlotPropertyOptions();
// The properties that were given, as in dvc.yaml.
codec::Json ReadPlotProperties(const Arguments& arguments);

// -o, --open, --show-vega, --split, --html-template.
std::vector<OptionSpec> PlotOutputOptions();
// "" when these options can be used with these targets; else what to say.
std::string PlotOutputProblem(const Arguments& arguments, const std::vector<std::string>& targets, const Context& context);
// Writes the page (or with --json, --show-vega prints), and tells what failed. The exit status.
Result<int> PutOutPlots(const std::vector<metrics::PlotRevision>& revisions, const flows::Repository& repository,
                        const Arguments& arguments, const Context& context);

}  // namespace mlean::verbs
