// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "../train_options.hpp"
#include "curves.hpp"

namespace html {

Series learning_rate_curve(const Run& run, std::string name, int color, bool dashed) {
  Series by_epoch = curve(run, learning_rate, std::move(name), color, dashed);
  const std::optional<TrainOptions> o = TrainOptions::read(run.config);
  if (!o || run.log.empty() || o->warmup_epochs >= o->epochs) return by_epoch;
  const std::int64_t steps = run.log.back().step, per_epoch = steps / std::max(run.log.back().epoch, 1);
  if (per_epoch < 1 || per_epoch > std::numeric_limits<int>::max()) return by_epoch;
  const resnet::Schedule schedule = o->schedule_of(per_epoch);
  for (const EpochRow& row : run.log)
    if (row.epoch < 1 || row.epoch > o->epochs || row.step != row.epoch * per_epoch ||
        std::abs(o->learning_rate(schedule, row.step - 1) - row.lr) > 1e-9 * row.lr)
      return by_epoch;

  constexpr std::int64_t most_points = 400;  // about one for each pixel of the chart
  Series by_step = by_epoch;
  by_step.x.clear(), by_step.y.clear();
  const std::int64_t points = std::min(steps, most_points);
  for (std::int64_t i = 0; i < points; ++i) {
    const std::int64_t step = points > 1 ? i * (steps - 1) / (points - 1) : 0;
    by_step.x.push_back(static_cast<double>(step + 1) / static_cast<double>(per_epoch));
    by_step.y.push_back(o->learning_rate(schedule, step));
  }
  return by_step;
}

}  // namespace html
