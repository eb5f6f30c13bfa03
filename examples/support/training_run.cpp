// SPDX-License-Identifier: MIT
#include "training_run.hpp"

#include <resnet/train/early_stopping.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "csv_log.hpp"
#include "model_card.hpp"
#include "peak_memory.hpp"
#include "progress.hpp"
#include "report/html.hpp"
#include "report/report.hpp"
#include "stop_signal.hpp"
#include "text_file.hpp"

using namespace resnet;

namespace {

struct Images {
  Dataset train, validation, test;
};

Images load_images(const TrainOptions& o) {
  TrainTest data = load_data(o.data);
  Images images{std::move(data.train), {}, std::move(data.test)};
  if (o.validation > 0) {
    TrainValidation parts = split(images.train, o.validation, o.seed);
    images.train = std::move(parts.train), images.validation = std::move(parts.validation);
  }
  if (images.train.size() == 0) throw Error("--validation leaves no image to train with");
  return images;
}

Normalize normalize_of(const std::string& data, const Dataset& train) {
  if (data == "cifar10") return cifar10_normalize();
  if (data == "cifar100") return cifar100_normalize();
  return compute_normalize(train);
}

/// Of the epoch that a checkpoint was saved in; 0 if it was saved between two.
double seconds_of(const std::string& path, const Metadata& state, const std::string& key) {
  if (!state.contains(key)) return 0;
  const auto seconds = from_metadata<double>(path, state, key);
  if (!(seconds >= 0) || !std::isfinite(seconds))
    throw Error(fmt::format("{}: metadata: \"{}\": expected 0 seconds or more, found {}", path, key, seconds));
  return seconds;
}

double percent_of(const Metrics& m) { return 100 * m.accuracy(); }

}  // namespace

int train(const TrainOptions& o) {
  reset_peak_memory();
  const Images images = load_images(o);
  const bool validates = images.validation.size() > 0;
  if (o.patience > 0 && !validates) throw Error("--patience needs --validation: the test images have no say");
  const ModelCard card{o.data.name, o.model, images.train.class_names, normalize_of(o.data.name, images.train)};
  const Architecture& architecture = card.architecture();
  fmt::print("{}: {} parameters; {}: {} training, {} validation, {} test images\n", architecture.title,
             architecture.parameters, o.data.name, images.train.size(), images.validation.size(), images.test.size());

  DataLoader loader(images.train, {.batch_size = o.batch_size,
                                   .shuffle = true,
                                   .drop_last = o.drop_last,
                                   .seed = o.seed,
                                   .augment = o.augment(),
                                   .mix = o.mix,
                                   .normalize = card.normalize});
  if (loader.batches() == 0)
    throw Error(fmt::format("--drop-last leaves no batch: expected at least --batch-size {} training images, found {}",
                            o.batch_size, images.train.size()));
  const DataLoaderOptions in_order{.batch_size = o.batch_size, .normalize = card.normalize};
  DataLoader held_out(validates ? images.validation : images.test, in_order);
  const TrainingSetup setup = o.setup(loader.batches());
  const auto training = architecture.training(setup);

  const std::string dir = o.run_dir + "/", last = dir + "last.safetensors";
  int epochs_done = 0;
  EarlyStopping stopping{.patience = o.patience};
  Progress progress(o.epochs, loader.batches());
  const auto save = [&] {
    // The loss of a step says nothing about the weights after it: a checkpoint is good if they work.
    const auto first_batch = [](const Metrics&) { return false; };
    if (!std::isfinite(training->current().evaluate(held_out, first_batch).metrics.loss()))
      throw DivergedError(fmt::format("after step {}: expected a finite loss on held-out images, found NaN or infinity",
                                      training->steps()));
    Metadata state = card.metadata();
    state.merge(o.decisive());
    state["epochs_done"] = to_metadata(epochs_done);
    stopping.save(state);
    if (training->steps() > std::int64_t{epochs_done} * loader.batches()) {
      state["epoch_step_seconds"] = to_metadata(progress.step_seconds());
      state["epoch_seconds"] = to_metadata(progress.epoch_seconds());
    }
    training->save(last, state);
  };
  if (o.resume) {
    training->resume(last, [&](const Metadata& state) {
      o.require_same(last, state);
      epochs_done = from_metadata<int>(last, state, "epochs_done");
      if (epochs_done > o.epochs)
        throw Error(fmt::format("{}: expected at most the {} epochs of --epochs, found {} that are done", last,
                                o.epochs, epochs_done));
      stopping.restore(last, state);
      progress.start_epoch(seconds_of(last, state, "epoch_step_seconds"), seconds_of(last, state, "epoch_seconds"));
    });
    fmt::print("resumed {} after {} epochs and {} steps\n", last, epochs_done, training->steps());
  } else {
    if (std::filesystem::exists(last))
      throw Error(last + " exists: continue it with --resume, or choose another --run-dir");
    std::filesystem::create_directories(dir);
    training->initialize();
    if (!o.fine_tune.empty()) training->load_weights(o.fine_tune, o.fine_tuning());
    save();  // now, rather than after an hour, is the time to learn that it can't be written
  }
  const auto goes_on = [&] { return epochs_done < o.epochs && !stopping.stop(); };
  if (goes_on())  // what a run with fewer epochs has left at its end
    for (const char* file : {"results.json", "report.html"}) std::filesystem::remove(dir + file);
  write_text(dir + "config.toml", o.to_toml());

  CsvLog csv(dir + "log.csv",
             "epoch,step,lr,train_loss,train_accuracy,held_out,loss,accuracy,images_per_second,seconds,memory_mb",
             epochs_done);
  progress.start(training->steps());
  Stopwatch since_saved;
  catch_stop_signals();
  const auto stopped = [&] {
    save();
    progress.line(
        fmt::format("stopped after {} steps; add --resume to the same command to continue", training->steps()));
    return 128 + stop_signal;
  };
  const auto go_on = [](const Metrics&) { return stop_signal == 0; };

  while (goes_on()) {
    const std::int64_t end = std::int64_t{epochs_done + 1} * loader.batches();
    if (training->steps() < end) {  // else the run was stopped between the epoch's last step and its evaluation
      progress.start_steps();
      for (const HostBatch& batch : training->rest_of_epoch(loader)) {
        training->step(batch);
        progress.update(training->steps(), training->epoch_so_far());
        if (stop_signal) return stopped();
        if (since_saved.seconds() > 60 * o.save_minutes) save(), since_saved = Stopwatch();
      }
      progress.end_steps();
    }
    const Metrics found = training->result().evaluate(held_out, go_on, {.flip = o.flip_test}).metrics;
    if (stop_signal) return stopped();

    ++epochs_done;
    const Metrics seen = training->epoch_so_far();
    const double lr = o.learning_rate(setup.schedule, end - 1), seconds = progress.epoch_seconds(),
                 images_per_second = progress.images_per_second(seen);
    const char* name = validates ? "validation" : "test";
    progress.line(
        fmt::format("epoch {}/{}: loss {:.3f}, accuracy {:.1f} %; {} loss {:.3f}, accuracy {:.2f} %; "
                    "{:.0f} images/s, {}",
                    epochs_done, o.epochs, seen.loss(), percent_of(seen), name, found.loss(), percent_of(found),
                    images_per_second, html::duration(seconds)));
    csv.write(fmt::format("{},{},{},{},{},{},{},{},{:.1f},{:.3f},{:.1f}", epochs_done, end, lr, seen.loss(),
                          seen.accuracy(), name, found.loss(), found.accuracy(), images_per_second, seconds,
                          peak_memory_mb()));
    progress.start_epoch();
    training->result().save_weights(dir + "weights.safetensors", card.metadata());
    if (validates && stopping.improved(found.accuracy()))
      training->result().save_weights(dir + "best.safetensors", card.metadata());
    save(), since_saved = Stopwatch();
  }

  // The test images have had no say in anything until here.
  const std::string weights = dir + (validates ? "best.safetensors" : "weights.safetensors");
  const auto network = architecture.network(weights, o.threads);
  TestResults result = collect_test_results(images.test, card.normalize, [&](std::span<const float> batch) {
    return network->probabilities(batch, {.flip = o.flip_test});
  });
  fmt::print("test accuracy {:.2f} % ({} of {} images), {}\n", 100 * result.accuracy(), result.correct(),
             result.images(), weights);
  double seconds = 0, peak_memory = peak_memory_mb();
  for (const EpochRow& row : read_run(o.run_dir).log)
    seconds += row.seconds, peak_memory = std::max(peak_memory, row.memory_mb);  // also before a resume
  write_results(dir + "results.json", {.architecture = architecture.title,
                                       .data = o.data.name,
                                       .class_names = card.class_names,
                                       .parameters = static_cast<std::int64_t>(architecture.parameters),
                                       .macs = architecture.macs(),
                                       .summary = architecture.summary(),
                                       .seed = o.seed,
                                       .epochs = epochs_done,
                                       .finished = epochs_done == o.epochs,
                                       .seconds = seconds,
                                       .peak_memory_mb = peak_memory,
                                       .test = std::move(result),
                                       .first_layer = network->first_filters()});
  write_text(dir + "report.html", render_report(read_run(o.run_dir)));
  return 0;
}
