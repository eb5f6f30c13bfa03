// SPDX-License-Identifier: MIT
// Trains ResNet-18 with checkpoints, validation and a log; --help lists the options. It writes to the
// checkpoint directory:
//
//   last.safetensors     everything that --resume needs: after each epoch, every few minutes, on Ctrl-C
//   weights.safetensors  the network after the latest epoch, for evaluate, classify and PyTorch
//   best.safetensors     the network of the epoch with the best validation accuracy (with --validation)
#include <resnet/resnet18.hpp>
#include <resnet/train.hpp>

#include <filesystem>

#include "support/csv_log.hpp"
#include "support/data.hpp"
#include "support/model_card.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"
#include "support/stop_signal.hpp"
#include "support/train_options.hpp"

using namespace resnet;

struct Images {
  Dataset train, validation, test;
};

template <class Model> int train(const TrainOptions& o, const ModelCard& card, const Images& images) {
  const bool validates = images.validation.size() > 0;
  const Augment augment = o.no_augment || o.data.name == "synthetic" ? Augment{} : cifar_augment;
  DataLoader loader(images.train, {.batch_size = o.batch_size,
                                   .shuffle = true,
                                   .seed = o.seed,
                                   .augment = augment,
                                   .normalize = card.normalize});
  const DataLoaderOptions in_order{.batch_size = o.batch_size, .normalize = card.normalize};
  DataLoader held_out(validates ? images.validation : images.test, in_order), test(images.test, in_order);

  Context<Cpu> ctx(o.threads, o.seed);
  if (o.convolution == "direct") ctx.convolution = Convolution::direct;
  const Schedule schedule = o.make_schedule(loader.batches());
  Trainer<Model, cifar_shape> trainer(ctx, Optimizer<Model>(o.rule(), {.weight = o.weight_decay}), schedule,
                                      {.label_smoothing = o.label_smoothing, .clip_norm = o.clip_norm});

  const std::string dir = o.checkpoint_dir + "/", last = dir + "last.safetensors";
  int epochs_done = 0;
  double best = -1;  // validation accuracy
  const auto save = [&] {
    // The loss of a step says nothing about the weights after it: a checkpoint is good if they work.
    const auto first_batch = [](const Metrics&) { return false; };
    if (!std::isfinite(evaluate<cifar_shape>(ctx, trainer.model, held_out, first_batch).metrics.loss()))
      throw DivergedError(
          fmt::format("after step {}: expected a finite loss on held-out images, found NaN or infinity",
                      trainer.steps()));
    Metadata state = card.metadata();
    state.merge(o.decisive());
    state["epochs_done"] = to_metadata(epochs_done);
    state["best_validation_accuracy"] = to_metadata(best);
    trainer.save(last, state);
  };
  if (o.resume) {
    trainer.resume(last, [&](const Metadata& state) {
      o.require_same(last, state);
      epochs_done = from_metadata<int>(last, state, "epochs_done");
      best = from_metadata<double>(last, state, "best_validation_accuracy");
    });
    fmt::print("resumed {} after {} epochs and {} steps\n", last, epochs_done, trainer.steps());
  } else {
    if (std::filesystem::exists(last))
      throw Error(last + " exists: continue it with --resume, or choose another --checkpoint-dir");
    std::filesystem::create_directories(dir);
    initialize(ctx, trainer.model, {o.seed, o.zero_gamma});
    save();  // now, rather than after an hour, is the time to learn that it can't be written
  }

  CsvLog csv(o.csv,
             "epoch,step,lr,train_loss,train_accuracy,held_out,loss,accuracy,images_per_second,seconds",
             epochs_done);
  Progress progress(o.epochs, loader.batches(), trainer.steps());
  Stopwatch since_saved;
  catch_stop_signals();
  const auto stopped = [&] {
    save();
    progress.line(
        fmt::format("stopped after {} steps; add --resume to the same command to continue", trainer.steps()));
    return 128 + stop_signal;
  };
  const auto go_on = [](const Metrics&) { return stop_signal == 0; };
  const auto percent = [](const Metrics& m) { return 100 * m.accuracy(); };

  Metrics result;  // on the test images, of the weights that the run ends with
  while (epochs_done < o.epochs) {
    progress.start_epoch();
    const std::int64_t end = std::int64_t{epochs_done + 1} * loader.batches();
    if (trainer.steps() < end)  // else the run was stopped between the epoch's last step and its evaluation
      for (const HostBatch& batch : trainer.rest_of_epoch(loader)) {
        trainer.step(batch);
        progress.update(trainer.steps(), batch.n, trainer.epoch_so_far());
        if (stop_signal) return stopped();
        if (since_saved.seconds() > 60 * o.save_minutes) save(), since_saved = {};
      }
    const double images_per_second = progress.images_per_second();
    const Metrics found = evaluate<cifar_shape>(ctx, trainer.model, held_out, go_on).metrics;
    if (stop_signal) return stopped();

    ++epochs_done;
    const Metrics& seen = trainer.epoch_so_far();
    const double lr = schedule(end - 1);
    const char* name = validates ? "validation" : "test";
    progress.line(
        fmt::format("epoch {}/{}: loss {:.3f}, accuracy {:.1f} %; {} loss {:.3f}, accuracy {:.2f} %; "
                    "{:.0f} images/s, {:.0f} s",
                    epochs_done, o.epochs, seen.loss(), percent(seen), name, found.loss(), percent(found),
                    images_per_second, progress.epoch_seconds()));
    csv.write(fmt::format("{},{},{},{},{},{},{},{},{:.1f},{:.1f}\n", epochs_done, end, lr, seen.loss(),
                          seen.accuracy(), name, found.loss(), found.accuracy(), images_per_second,
                          progress.epoch_seconds()));
    save_weights(dir + "weights.safetensors", trainer.model, card.metadata());
    if (!validates) result = found;
    if (validates && found.accuracy() > best) {
      best = found.accuracy();
      save_weights(dir + "best.safetensors", trainer.model, card.metadata());
    }
    save(), since_saved = {};
  }

  // The test images have had no say in anything until here.
  if (validates) load_weights(dir + "best.safetensors", trainer.model);
  if (result.images == 0) result = evaluate<cifar_shape>(ctx, trainer.model, test).metrics;
  fmt::print("test accuracy {:.2f} % ({} of {} images), {}\n", percent(result), result.correct, result.images,
             dir + (validates ? "best.safetensors" : "weights.safetensors"));
  return 0;
}

int run(const TrainOptions& o) {
  TrainTest data = load_data(o.data);
  Images images{std::move(data.train), {}, std::move(data.test)};
  if (o.validation > 0) {
    TrainValidation parts = split(images.train, o.validation, o.seed);
    images.train = std::move(parts.train), images.validation = std::move(parts.validation);
  }
  if (images.train.size() == 0) throw Error("--validation leaves no image to train with");
  const Normalize normalize = o.data.name == "cifar10"    ? cifar10_normalize()
                              : o.data.name == "cifar100" ? cifar100_normalize()
                                                          : compute_normalize(images.train);
  const ModelCard card{o.data.name, o.form, o.width, images.train.class_names, normalize};
  return with_model(card, [&]<class Model>(std::type_identity<Model>) {
    fmt::print(
        "ResNet-18, {} form, width {}: {} parameters; {}: {} training, {} validation, {} test images\n",
        o.form, o.width, parameter_count<Model>, o.data.name, images.train.size(), images.validation.size(),
        images.test.size());
    return train<Model>(o, card, images);
  });
}

int main(int argc, char** argv) {
  TrainOptions options;
  CLI::App app("Trains ResNet-18.");
  options.add_to(app);
  return run_program(app, argc, argv, [&] { return run(options); });
}
