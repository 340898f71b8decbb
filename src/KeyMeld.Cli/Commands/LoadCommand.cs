using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Load;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld load</c>: asks any gateway for many signings and says how long they took.</summary>
internal static class LoadCommand
{
    private static readonly Option<string> Data = new("--data") { Description = "Folder for the profiles of the load, and for the stack it starts where no gateway is given; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "load") };
    private static readonly Option<string?> Group = new("--group") { Description = "Sign with this unattended group of the profile (label or id) instead of forming groups." };
    private static readonly Option<int> Groups = StackArguments.Bounded("--groups", "How many unattended groups to form; they sign in turn.", 8, 1, 1000);
    private static readonly Option<int> Members = StackArguments.Bounded("--members", "Members of each group.", 3, 2, 20);
    private static readonly Option<int> Keys = StackArguments.Bounded("--keys", "Make so many keys of one owner and sign with them, instead of groups.", 0, 0, 1000);
    private static readonly Option<int> Items = StackArguments.Bounded("--items", "Things to sign in one signing of a group.", 1, 1, 10_000);
    private static readonly Option<int?> Clients = new("--clients") { Description = "Closed model: so many clients, each with its next signing as soon as the one before is answered (8 where --rate is not given either)." };
    private static readonly Option<double?> Rate = new("--rate") { Description = "Open model: so many signings a second on average, at random (Poisson) and whatever the answers; latency counts from when a signing was due." };
    private static readonly Option<TimeSpan> Duration = LengthOf("--duration", "How long to measure, for example 30s or 5m.", TimeSpan.FromSeconds(30));
    private static readonly Option<TimeSpan> Ramp = LengthOf("--ramp", "How long to come up to the load before that.", TimeSpan.FromSeconds(5));
    private static readonly Option<int> Seed = StackArguments.Bounded("--seed", "Of the arrivals in the open model.", 1, 0, int.MaxValue);
    private static readonly Option<string> Storage = StorageOption.Create();
    private static readonly Option<int> Gateways = GatewaysOption.Create();
    private static readonly Option<string?> Expect = new("--expect") { Description = "What it has to come to, for example p99<50ms,rate>=500,errors=0; else the exit code is 1." };
    private static readonly Option<string?> JsonFile = new("--json-file") { Description = "Write the whole result to this file." };
    private static readonly Option<string?> Chart = new("--chart") { Description = "Draw latency over time and its distribution into this SVG file." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("load", "Ask a gateway for many signings. Exit code 0 only if every one ended in valid signatures, and in what --expect says."));
        foreach (var option in (Option[])[Data, Group, Groups, Members, Keys, Items, Clients, Rate, Duration, Ramp, Seed, Storage, Gateways, Expect, JsonFile, Chart])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, cancellationToken) => RunAsync(parsed, profile, cancellationToken));
    }

    /// <summary>A length of time as people write it.</summary>
    public static Option<TimeSpan> LengthOf(string name, string description, TimeSpan standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
            if (unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value * unit <= 86_400)
            {
                return TimeSpan.FromSeconds(value * unit);
            }
            result.AddError($"{name} takes a number with s, m or h, at most a day.");
            return TimeSpan.Zero;
        },
    };

    private static async Task<int> RunAsync(ParseResult parsed, ProfileArguments profile, CancellationToken cancellationToken)
    {
        var expectations = parsed.GetValue(Expect) is { } text ? Expectation.ParseAll(text) : [];
        var plan = PlanOf(parsed);
        var shape = new LoadShape(parsed.GetValue(Group) is null ? parsed.GetValue(Groups) : 1, parsed.GetValue(Members), parsed.GetValue(Keys), parsed.GetValue(Items));
        var report = parsed.GetValue(Group) is { } group ? await OfGroupAsync(profile.OpenSession(parsed), group, shape, plan, cancellationToken)
            : profile.Given(parsed) is { } connection ? await AtAsync(connection, Folder(parsed), shape, plan, cancellationToken)
            : await OnStackAsync(Folder(parsed), options => options.WithStorage(parsed.GetValue(Storage)!).WithGateways(parsed.GetValue(Gateways)), shape, plan, cancellationToken);
        var met = expectations.Select(expectation => (expectation, expectation.Holds(report.Summary))).ToList();
        report.Print(met);
        if (parsed.GetValue(JsonFile) is { } json)
        {
            await File.WriteAllBytesAsync(json, report.ToJson(), cancellationToken);
        }
        if (parsed.GetValue(Chart) is { } chart)
        {
            await File.WriteAllTextAsync(chart, LoadChart.Draw(report), cancellationToken);
        }
        return report.Summary is { ErrorCount: 0, Signed: > 0 } && met.All(one => one.Item2) ? 0 : 1;
    }

    private static LoadPlan PlanOf(ParseResult parsed)
    {
        LoadModel model = (parsed.GetValue(Clients), parsed.GetValue(Rate)) switch
        {
            (null, > 0 and <= 100_000 and var rate) => new LoadModel.Open(rate),
            (null, null) => new LoadModel.Closed(8),
            ({ } clients and >= 1 and <= 10_000, null) => new LoadModel.Closed(clients),
            _ => throw new KeyMeldException(ErrorCodes.BadRequest, "Give either --clients (1 to 10,000) or --rate (more than 0, at most 100,000)."),
        };
        return new LoadPlan(model, parsed.GetValue(Duration), parsed.GetValue(Ramp), (ulong)parsed.GetValue(Seed));
    }

    private static string Folder(ParseResult parsed)
    {
        var folder = Path.GetFullPath(parsed.GetValue(Data)!);
        StackFolder.Empty(folder);
        return folder;
    }

    private static async Task<LoadReport> OnStackAsync(string folder, Func<StackOptions, StackOptions> change, LoadShape shape, LoadPlan plan, CancellationToken cancellationToken)
    {
        var options = change(new StackOptions { DataDirectory = folder, Port = FreePort.Next(), KmsPort = FreePort.Next() });
        await using var stack = await DevelopmentStack.StartAsync(options, step => Report.Say($"  {step}"), cancellationToken);
        await Scene.ReadyAsync(stack, cancellationToken);
        var party = Party.On(stack, Path.Combine(folder, "profiles"), Names(shape));
        Report.Say($"  setting up {shape}");
        await using var stage = await LoadStage.SetUpAsync(party, shape, cancellationToken);
        return await MeasureAsync(stage, shape, plan, new ProcessUse(stack), cancellationToken);
    }

    private static async Task<LoadReport> AtAsync(Connection connection, string folder, LoadShape shape, LoadPlan plan, CancellationToken cancellationToken)
    {
        var party = Party.At(connection.Gateway, connection.Policy, Path.Combine(folder, "profiles"), Names(shape), TimeSpan.FromSeconds(60));
        Report.Say($"  setting up {shape} at {connection.Gateway}");
        await using var stage = await LoadStage.SetUpAsync(party, shape, cancellationToken);
        return await MeasureAsync(stage, shape, plan, null, cancellationToken);
    }

    private static async Task<LoadReport> OfGroupAsync(Session session, string group, LoadShape shape, LoadPlan plan, CancellationToken cancellationToken)
    {
        await using var stage = LoadStage.WithGroups(session, [session.Client.Groups.Find(group).Id], shape.Items);
        return await MeasureAsync(stage, shape, plan, null, cancellationToken);
    }

    private static IEnumerable<string> Names(LoadShape shape) => Enumerable.Range(0, shape.Members).Select(index => $"load-{index}");

    private static async Task<LoadReport> MeasureAsync(LoadStage stage, LoadShape shape, LoadPlan plan, ProcessUse? use, CancellationToken cancellationToken)
    {
        Report.Say($"  {plan.Model}, for {plan.Duration.TotalSeconds:0} s after {plan.Ramp.TotalSeconds:0} s");
        var run = new LoadRun(plan, stage.NextAsync, Tell) { Measuring = use is null ? null : use.Mark };
        var summary = await run.RunAsync(cancellationToken);
        return new LoadReport(shape, plan, summary, use?.Rows ?? []);
    }

    private static void Tell(LatencyInterval interval) => Report.Say(string.Create(CultureInfo.InvariantCulture,
        $"  {interval.To.TotalSeconds,6:0} s  {interval.Rate,7:0} a second  p50 {interval.P50.TotalMilliseconds,7:0.0} ms  p99 {interval.P99.TotalMilliseconds,7:0.0} ms{(interval.Errors > 0 ? $"  {interval.Errors} errors" : "")}"));
}
