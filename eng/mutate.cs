// Mutation of the code that KMS, CMS, attestation and sealing are checked by: every check removed or turned round, one at a time, and the tests run until one fails.
// Stryker's mutants are drawn blindly and built by its own compiler; these are named checks (eng/mutants.txt), all built into one program and switched on by a file,
// so that also the enclave that the tests start as a process has the mutant in it.
//
//   dotnet run eng/mutate.cs [--only TEXT]… [--list] [--no-build] [--no-baseline]
//
// Works in a worktree of HEAD under artifacts/mutation; prints a line for each mutant and the score; exit code 0 only from 95 % on. A mutant whose tests do not
// end in time is counted as neither: it may have hung them, or the machine was busy.
using System.Diagnostics;
using System.Globalization;
using System.Text;

const int TimedOut = -1;
// More than the tests wait for a program: they are to say themselves that one went on that should have ended.
var mostOfATest = TimeSpan.FromMinutes(12);
const string Switch = """
    namespace KeyMeld.Mutation
    {
        internal static class Mutant
        {
            private static readonly string File = System.IO.Path.Combine(System.AppContext.BaseDirectory, "mutant.on");
            private static readonly string On = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "";

            public static bool Is(int number) => On == number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }
    """;

for (var i = 0; i < args.Length; i++)
{
    if (args[i] is "--only" && i + 1 < args.Length)
    {
        i++;
    }
    else if (args[i] is not ("--list" or "--no-build" or "--no-baseline"))
    {
        Console.Error.WriteLine($"error: '{args[i]}' is not understood. dotnet run eng/mutate.cs -- [--only TEXT]… [--list] [--no-build] [--no-baseline]");
        return 2;
    }
}

var root = Run("git", ["rev-parse", "--show-toplevel"], ".").Output.Trim();
var tree = Path.Combine(root, "artifacts", "mutation");
var only = args.Select((arg, index) => (arg, index)).Where(one => one.arg == "--only").Select(one => args[one.index + 1]).ToList();
var mutants = Mutants(File.ReadAllLines(Path.Combine(root, "eng", "mutants.txt"))).ToList();
if (args.Contains("--list"))
{
    mutants.ForEach(mutant => Console.WriteLine($"{mutant.Number,3} {mutant.File}: {mutant.Name}"));
    return 0;
}

if (!args.Contains("--no-build") && Build() is { } fault)
{
    Console.WriteLine(fault);
    return 2;
}
var tests = Path.Combine(tree, "artifacts", "bin", "KeyMeld.Tests", "release");
string[] folders = [tests, Path.Combine(tree, "artifacts", "bin", "KeyMeld.Enclave", "release")];

// The tests see the program as it is first: one that is red without a mutant kills none.
var chosen = mutants.Where(mutant => only.Count == 0 || only.Any(text => $"{mutant.File} {mutant.Name}".Contains(text, StringComparison.OrdinalIgnoreCase))).ToList();
SwitchOn("");
foreach (var name in chosen.SelectMany(mutant => mutant.Tests).Distinct().Where(_ => !args.Contains("--no-baseline")))
{
    var run = Test(name, TimeSpan.FromMinutes(8));
    Console.WriteLine($"{(run.Code == 0 ? "green" : "RED  ")} {run.Seconds,6:0.0} s {name}");
    if (run.Code != 0)
    {
        Console.WriteLine(run.Output[Math.Max(0, run.Output.Length - 2000)..]);
        return 3;
    }
}

var survivors = new List<Mutation>();
var (killed, unfinished) = (0, 0);
foreach (var mutant in chosen)
{
    SwitchOn(mutant.Number.ToString(CultureInfo.InvariantCulture));
    var codes = new List<int>();
    var killer = mutant.Tests.FirstOrDefault(name =>
    {
        codes.Add(Test(name, mostOfATest).Code);
        return codes[^1] is not (0 or TimedOut);
    });
    var verdict = killer is not null ? "killed" : codes.Contains(TimedOut) ? "NOT ENDED" : "SURVIVED";
    killed += killer is null ? 0 : 1;
    unfinished += verdict == "NOT ENDED" ? 1 : 0;
    if (verdict == "SURVIVED")
    {
        survivors.Add(mutant);
    }
    Console.WriteLine($"{verdict} {mutant.Number,3} {Path.GetFileName(mutant.File)}: {mutant.Name}{(killer is null ? "" : $" ({killer})")}");
}
SwitchOn("");
var score = 100.0 * killed / Math.Max(1, killed + survivors.Count);
Console.WriteLine($"{killed} killed, {survivors.Count} survived: {score:0.0} %{(unfinished == 0 ? "" : $"; {unfinished} did not end")}");
return score >= 95 && unfinished == 0 ? 0 : 1;

string? Build()
{
    if (!Directory.Exists(tree))
    {
        Require(Run("git", ["worktree", "add", "--detach", tree, "HEAD"], root));
    }
    Require(Run("git", ["checkout", "--force", "--detach", Run("git", ["rev-parse", "HEAD"], root).Output.Trim()], tree));
    Plant(mutants);
    var native = Path.Combine(tree, "artifacts", "native");
    if (!Directory.Exists(native) && Directory.Exists(Path.Combine(root, "artifacts", "native")))
    {
        Directory.CreateDirectory(Path.GetDirectoryName(native)!);
        Directory.CreateSymbolicLink(native, Path.Combine(root, "artifacts", "native"));
    }
    Console.WriteLine("building the mutated tests");
    var built = Run("dotnet", ["build", "tests/KeyMeld.Tests", "--nologo", "-v", "q", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false", "-p:EnforceCodeStyleInBuild=false"], tree);
    return built.Code == 0 ? null : string.Join('\n', built.Output.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)).Distinct().Take(20));
}

void SwitchOn(string what)
{
    foreach (var place in folders)
    {
        File.WriteAllText(Path.Combine(place, "mutant.on"), what);
    }
}

(int Code, string Output, double Seconds) Test(string name, TimeSpan most)
{
    var from = Stopwatch.GetTimestamp();
    string[] filter = name.EndsWith("Tests", StringComparison.Ordinal) ? ["-class", $"*.{name}"] : ["-method", $"*.{name}*"];
    var (code, output) = Run(Path.Combine(tests, "KeyMeld.Tests"), [.. filter, "-stopOnFail", "-noColor"], tests, most);
    if (output.Contains("Total: 0", StringComparison.Ordinal))
    {
        throw new InvalidDataException($"There is no test {name}.");
    }
    return (code, output, Stopwatch.GetElapsedTime(from).TotalSeconds);
}

void Plant(IReadOnlyList<Mutation> all)
{
    foreach (var file in all.GroupBy(mutant => mutant.File))
    {
        var path = Path.Combine(tree, file.Key);
        var text = File.ReadAllText(path);
        // Several mutants may stand in one place; places may not overlap.
        var places = file.GroupBy(mutant => Find(text, mutant)).OrderByDescending(place => place.Key.At).ToList();
        for (var i = 1; i < places.Count; i++)
        {
            if (places[i].Key.At + places[i].Key.Length > places[i - 1].Key.At)
            {
                throw new InvalidDataException($"{file.Key}: '{places[i].First().Name}' and '{places[i - 1].First().Name}' overlap.");
            }
        }
        foreach (var place in places)
        {
            var (at, length) = place.Key;
            var planted = place.Aggregate(text[at..(at + length)], (code, mutant) => mutant.Replacement == "-"
                ? $"if (!global::KeyMeld.Mutation.Mutant.Is({mutant.Number})) {{ {code} }}"
                : $"(global::KeyMeld.Mutation.Mutant.Is({mutant.Number}) ? ({mutant.Replacement}) : ({code}))");
            text = text[..at] + planted + text[(at + length)..];
        }
        File.WriteAllText(path, text);
    }
    foreach (var project in all.Select(mutant => string.Join('/', mutant.File.Split('/')[..2])).Distinct())
    {
        File.WriteAllText(Path.Combine(tree, project, "Mutant.cs"), Switch);
    }
}

static (int At, int Length) Find(string text, Mutation mutant)
{
    var marks = mutant.Original.Split('⟦', '⟧');
    var (before, code) = marks.Length == 3 ? (marks[0].Length, marks[1]) : (0, mutant.Original);
    var whole = string.Concat(marks);
    var at = text.IndexOf(whole, StringComparison.Ordinal);
    if (at < 0 || text.IndexOf(whole, at + 1, StringComparison.Ordinal) >= 0)
    {
        throw new InvalidDataException($"{mutant.File}: '{whole}' stands there {(at < 0 ? "nowhere" : "more than once")} ({mutant.Name}).");
    }
    return (at + before, code.Length);
}

static IEnumerable<Mutation> Mutants(string[] lines)
{
    var (file, number, tests) = ("", 0, Array.Empty<string>());
    for (var i = 0; i < lines.Length; i++)
    {
        if (lines[i].StartsWith("== ", StringComparison.Ordinal))
        {
            file = lines[i][3..];
        }
        else if (lines[i].StartsWith("tests: ", StringComparison.Ordinal))
        {
            tests = lines[i].Split(' ')[1..];
        }
        else if (lines[i].Length > 0 && lines[i][0] is not ('#' or ' '))
        {
            yield return new Mutation(++number, file, lines[i], lines[i + 1].Trim(), lines[i + 2].Trim(), tests);
            i += 2;
        }
    }
}

static void Require((int Code, string Output) run)
{
    if (run.Code != 0)
    {
        throw new InvalidOperationException(run.Output);
    }
}

static (int Code, string Output) Run(string program, IReadOnlyList<string> arguments, string folder, TimeSpan? most = null)
{
    using var process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true } };
    var output = new StringBuilder();
    void Take(object _, DataReceivedEventArgs line)
    {
        lock (output)
        {
            output.AppendLine(line.Data);
        }
    }
    process.OutputDataReceived += Take;
    process.ErrorDataReceived += Take;
    process.Start();
    process.BeginOutputReadLine();
    process.BeginErrorReadLine();
    if (!process.WaitForExit(most ?? Timeout.InfiniteTimeSpan))
    {
        process.Kill(entireProcessTree: true);
        return (TimedOut, "timeout");
    }
    process.WaitForExit();
    lock (output)
    {
        return (process.ExitCode, output.ToString());
    }
}

/// <summary>One check of the product, and what stands in its place.</summary>
/// <param name="Number">As the program knows it.</param>
/// <param name="File">From the root of the repository.</param>
/// <param name="Name">What is not checked any more.</param>
/// <param name="Original">The check: an expression, or a statement.</param>
/// <param name="Replacement">Another expression of the same type; - leaves the statement out.</param>
/// <param name="Tests">Who is to notice: classes (…Tests), or the beginnings of methods' names.</param>
internal sealed record Mutation(int Number, string File, string Name, string Original, string Replacement, IReadOnlyList<string> Tests);
