using System.Net;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Telemetry;

public class GatewayTelemetryTests
{
    private static readonly string[] SigningStates = ["completed", "failed", "expired", "rejected", "cancelled"];
    private static readonly string[] GroupStates = ["formed", "failed", "expired", "erased"];
    private static readonly string[] EnclaveStates = ["ready", "locked", "unreachable"];

    [Fact]
    public async Task A_signing_is_counted_with_the_time_it_took_at_each_step()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        var group = await TestGroup.FormAsync(gateway, members: 2);

        await new TestSigning(group).SignAsync();

        Assert.Equal(1, readings.Sum("keymeld.signings", ("state", "completed"), ("code", "none")));
        Assert.Equal(1, readings.Sum("keymeld.groups", ("state", "formed"), ("code", "none")));
        Assert.Equal(2, readings.Sum("keymeld.group.joins"));
        var steps = readings.Read().Where(reading => reading.Name == "keymeld.signing.step.duration").ToList();
        Assert.Equal(["accept", "queue", "round1", "round2", "combine", "persist"], steps.Select(step => step.Labels["step"]));
        var total = Assert.Single(readings.Read(), reading => reading.Name == "keymeld.signing.duration");
        Assert.Equal("completed", total.Labels["state"]);
        Assert.InRange(total.Value, steps.Sum(step => step.Value) * 0.99, 60);

        var hour = gateway.Parts.Telemetry.LastHour.Sum(TimeSpan.FromHours(1));
        Assert.Equal((1, 1, 2), (hour[HistoryCount.SigningsCompleted], hour[HistoryCount.GroupsFormed], hour[HistoryCount.MembersJoined]));
        Assert.Equal(1, hour.Total!.Count);
        Assert.Equal(1, hour[SigningStep.Round2]!.Count);
        Assert.Null(hour[SigningStep.Gather]);
        Assert.Empty(gateway.Parts.Telemetry.Failures.Read());
    }

    [Fact]
    public async Task A_failure_says_at_which_step_and_at_whose_enclave_and_nothing_else()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        gateway.Enclaves[1].FailFirst("Sign", 1, ErrorCodes.ItemsInvalid);

        Assert.Equal("failed", (await new TestSigning(group).SignAsync()).State);

        var failure = Assert.Single(gateway.Parts.Telemetry.Failures.Read());
        Assert.Equal((FailureOf.Signing, ErrorCodes.ItemsInvalid, SigningStep.Round2, 1u), (failure.Of, failure.Code, failure.Step, failure.Enclave));
        Assert.Equal(1, readings.Sum("keymeld.signings", ("state", "failed"), ("code", ErrorCodes.ItemsInvalid)));
        Assert.Equal(1, readings.Sum("keymeld.enclave.refusals", ("enclave", "1"), ("code", ErrorCodes.ItemsInvalid)));
    }

    [Fact]
    public async Task An_enclave_that_is_away_shows_in_its_state_and_among_the_failures()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);

        await gateway.Enclaves[1].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(1).View.IsReady);

        var states = readings.Read().Where(reading => reading.Name == "keymeld.enclave.state" && reading.Value == 1).Select(reading => (reading.Labels["enclave"], reading.Labels["state"]));
        Assert.Equal([("0", "ready"), ("1", "unreachable")], states);
        Assert.Equal(1, readings.Sum("keymeld.enclave.locked", ("enclave", "1"), ("code", ErrorCodes.EnclaveUnreachable)));
        var failure = Assert.Single(gateway.Parts.Telemetry.Failures.Read());
        Assert.Equal((FailureOf.Enclave, ErrorCodes.EnclaveUnreachable, 1u), (failure.Of, failure.Code, failure.Enclave));
    }

    [Fact]
    public async Task A_call_that_is_refused_is_counted_by_its_code()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);

        (await gateway.GetAsync("/api/v1/nowhere/at-all")).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);

        Assert.Equal(1, readings.Sum("keymeld.http.refusals", ("code", ErrorCodes.NotFound)));
        Assert.Equal(1, readings.Sum("keymeld.http.refusals"));
    }

    [Fact]
    public async Task Every_label_is_from_a_closed_set()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await new TestSigning(group).SignAsync();
        gateway.Enclaves[0].FailFirst("Open", 1, ErrorCodes.ItemsInvalid);
        await new TestSigning(group).SignAsync();
        gateway.Parts.Telemetry.CallRefused("made up by somebody", isFault: true);
        gateway.Parts.Telemetry.EnclaveCalled(1, nameof(EnclaveCalls.ForgetAsync), TimeSpan.Zero, "made up by an enclave");

        var all = readings.Read();

        Assert.Equal(readings.Instruments.Except(NotTold).Order(), all.Select(reading => reading.Name).Distinct().Order());
        Assert.All(all, reading => Assert.All(reading.Labels, label => Assert.Contains(label.Value, Allowed(reading.Name, label.Key, gateway))));
    }

    // A signing that is repeated, an enclave that is away or says how long it worked, credentials and certificates that end: nothing of that happens here.
    private static readonly string[] NotTold = ["keymeld.signing.repeated.attempts", "keymeld.enclave.locked", "keymeld.enclave.work.duration", "keymeld.aws.credentials.expiry", "keymeld.tls.certificate.expiry"];

    private static IEnumerable<string> Allowed(string name, string label, TestGateway gateway) => (name, label) switch
    {
        ("keymeld.signings" or "keymeld.signing.duration", "state") => SigningStates,
        ("keymeld.groups", "state") => GroupStates,
        ("keymeld.enclave.state", "state") => EnclaveStates,
        (_, "step") => Enum.GetValues<SigningStep>().Select(step => step.Word()),
        (_, "code") => [.. ErrorCodes.All.Select(entry => entry.Code), "none"],
        (_, "enclave") => gateway.Enclaves.Select(enclave => enclave.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        (_, "call") => EnclaveCallWords.All.Values,
        ("keymeld.storage.duration", "store") => ["groups", "signings", "sealed_keys", "keys", "replay", "overview", "rounds"],
        ("keymeld.storage.duration", "kind") => ["read", "write"],
        ("keymeld.storage.duration", "result") => ["ok", "failed"],
        (_, "result") => ["ok", "refused", "unreachable"],
        (_, "kind") => ["wait", "stream"],
        ("keymeld.enclave.attestation", "verdict") => ["release", "unknown_build", "refused", "unchecked"],
        (_, "mode") => ["production", "development"],
        (_, "version") => [Build.Version],
        _ => throw new InvalidOperationException($"{name} has a label {label} that nobody knows."),
    };

    [Fact]
    public void Every_call_of_an_enclave_has_a_label_of_its_own()
    {
        var calls = typeof(EnclaveCalls).GetMethods().Where(method => method.ReturnType.IsAssignableTo(typeof(Task))).Select(method => method.Name);

        Assert.Equal(calls.Order(), EnclaveCallWords.All.Keys.Order());
        Assert.Equal(EnclaveCallWords.All.Count, EnclaveCallWords.All.Values.Distinct().Count());
    }
}
