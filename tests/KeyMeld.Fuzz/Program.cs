using System.Globalization;
using KeyMeld.Fuzz;
using SharpFuzz;

// KeyMeld.Fuzz check [--runs N] [--seed N] [TARGET…]    bounded, reproducible, in this process: what CI does
// KeyMeld.Fuzz libfuzzer TARGET                          under libfuzzer-dotnet; eng/fuzz.sh does it
// KeyMeld.Fuzz afl TARGET                                under afl-fuzz, likewise
// KeyMeld.Fuzz seeds TARGET FOLDER                       writes a target's seeds
// KeyMeld.Fuzz play TARGET FILE                          one input, as found
const int DefaultRuns = 4000;
var campaign = new Campaign(Path.Combine(Source.Repository, "tests", "KeyMeld.Fuzz", "regressions"), Path.Combine(Source.Repository, "artifacts", "fuzz"));
try
{
    switch (args)
    {
        case ["list"]:
            AllTargets.List.ToList().ForEach(target => Console.WriteLine(target.Name));
            return 0;
        case ["check", .. var rest]:
            var (runs, seed, names) = (Number(ref rest, "--runs", DefaultRuns), Number(ref rest, "--seed", 1), rest);
            var targets = names.Length == 0 ? AllTargets.List : [.. names.Select(AllTargets.Find)];
            return targets.Select(target => campaign.Run(target, runs, seed)).ToList().TrueForAll(fine => fine) ? 0 : 1;
        case ["libfuzzer", var name]:
            Fuzzer.LibFuzzer.Run(span => AllTargets.Find(name).Play(span.ToArray()));
            return 0;
        case ["afl", var name]:
            Fuzzer.OutOfProcess.Run((Stream stream) =>
            {
                using var buffer = new MemoryStream();
                stream.CopyTo(buffer);
                AllTargets.Find(name).Play(buffer.ToArray());
            });
            return 0;
        case ["seeds", var name, var output]:
            Directory.CreateDirectory(output);
            var index = 0;
            AllTargets.Find(name).Seeds().ToList().ForEach(bytes => File.WriteAllBytes(Path.Combine(output, $"{index++:d5}"), bytes));
            return 0;
        case ["play", var name, var file]:
            return campaign.Play(AllTargets.Find(name), File.ReadAllBytes(file)) ? 0 : 1;
        default:
            Console.Error.WriteLine("Usage: KeyMeld.Fuzz list | check [--runs N] [--seed N] [TARGET…] | libfuzzer TARGET | afl TARGET | seeds TARGET FOLDER | play TARGET FILE");
            return 2;
    }
}
catch (Exception exception) when (exception is ArgumentException or IOException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

static int Number(ref string[] arguments, string name, int otherwise)
{
    var at = Array.IndexOf(arguments, name);
    if (at < 0 || at + 1 >= arguments.Length)
    {
        return otherwise;
    }
    var number = int.Parse(arguments[at + 1], CultureInfo.InvariantCulture);
    arguments = [.. arguments[..at], .. arguments[(at + 2)..]];
    return number;
}
