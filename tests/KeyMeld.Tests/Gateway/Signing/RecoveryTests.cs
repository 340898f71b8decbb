using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Signing;

/// <summary>What happens to a signing when a process dies, forgets or lies. The fake enclaves report every call that would reuse a nonce.</summary>
public class RecoveryTests
{
    [Fact]
    public async Task An_enclave_that_restarted_is_handed_the_group_again()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        await gateway.Enclaves[1].RestartAsync();
        await gateway.WhenReadyAsync();

        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);
    }

    [Theory]
    [InlineData("Open")]
    [InlineData("Sign")]
    public async Task An_enclave_that_dies_during_a_round_is_waited_for_and_the_next_attempt_succeeds(string call)
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var dead = new TaskCompletionSource();
        gateway.Enclaves[1].Before = async (name, request) =>
        {
            if (name == call && !dead.Task.IsCompleted)
            {
                // From inside the call, which so never gets its answer: it goes on when the process is gone.
                _ = Task.Run(async () =>
                {
                    await gateway.Enclaves[1].CrashAsync();
                    dead.TrySetResult();
                });
                await dead.Task;
            }
        };
        var signing = new TestSigning(group);
        var answer = signing.SignAsync();
        await dead.Task;
        await gateway.Enclaves[1].StartAsync();

        Assert.Equal("completed", (await answer).State);
        Assert.Equal(2, (await signing.ShowAsync()).Attempts);
    }

    [Theory]
    [InlineData("Sign", ErrorCodes.NotLoaded)]
    [InlineData("Sign", ErrorCodes.NonceAlreadyUsed)]
    [InlineData("Sign", ErrorCodes.RelayFault)]
    [InlineData("Open", ErrorCodes.AttemptStale)]
    [InlineData("Combine", ErrorCodes.RelayFault)]
    public async Task A_round_that_failed_is_taken_up_with_fresh_nonces(string call, string code)
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        gateway.Enclaves[0].FailFirst(call, 1, code);
        gateway.Enclaves[1].FailFirst(call, 1, code);
        var signing = new TestSigning(group);

        Assert.Equal("completed", (await signing.SignAsync()).State);
        Assert.InRange((await signing.ShowAsync()).Attempts, 2, 3);
    }

    [Fact]
    public async Task Attempts_end_and_the_signing_says_so()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        gateway.Enclaves[0].FailFirst("Sign", int.MaxValue, ErrorCodes.RelayFault);
        var signing = new TestSigning(group);

        Assert.Equal("failed", (await signing.SignAsync()).State);
        var shown = await signing.ShowAsync();
        Assert.Equal((Limits.Attempts, ErrorCodes.AttemptsExhausted), (shown.Attempts, shown.Error));
        Assert.Equal(Limits.Attempts, gateway.Enclaves[0].Count("Sign"));
    }

    [Fact]
    public async Task What_an_enclave_refuses_for_good_ends_the_signing_with_its_code()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        gateway.Enclaves[1].FailFirst("Open", 1, ErrorCodes.ItemsInvalid);
        var signing = new TestSigning(group);

        Assert.Equal("failed", (await signing.SignAsync()).State);
        Assert.Equal((1, ErrorCodes.ItemsInvalid), ((await signing.ShowAsync()).Attempts, (await signing.ShowAsync()).Error));
    }

    [Fact]
    public async Task A_busy_enclave_is_asked_again_in_the_same_attempt()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        gateway.Enclaves[0].FailFirst("Open", 3, ErrorCodes.Busy);
        var signing = new TestSigning(group);

        Assert.Equal("completed", (await signing.SignAsync()).State);
        Assert.Equal(1, (await signing.ShowAsync()).Attempts);
        Assert.Equal(4, gateway.Enclaves[0].Count("Open"));
    }

    [Fact]
    public async Task Combining_moves_to_another_enclave_when_one_is_away()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3);
        var group = await TestGroup.FormAsync(gateway, members: 3);
        var left = 1;
        foreach (var enclave in gateway.Enclaves)
        {
            enclave.Before = (name, _) => name == "Combine" && Interlocked.Decrement(ref left) >= 0 ? throw new InvalidOperationException("The process is broken.") : Task.CompletedTask;
        }
        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);
        Assert.Equal(2, gateway.Enclaves.Sum(enclave => enclave.Count("Combine")));
    }

    [Fact]
    public async Task An_enclave_that_stays_away_lets_the_request_expire_with_that_reason()
    {
        var time = new SteppedTime();
        await using var gateway = await TestGateway.StartAsync(time: time);
        var group = await TestGroup.FormAsync(gateway);
        await gateway.Enclaves[1].CrashAsync();
        var signing = new TestSigning(group, lifetime: TimeSpan.FromSeconds(40), now: time.GetUtcNow());
        Assert.Equal("running", (await signing.SignAsync(prefer: null)).State);

        await Eventually.TrueAsync(() => gateway.Enclaves[0].Forgotten.Any(forget => forget.Request.Span.SequenceEqual(signing.Digest.Bytes)));
        time.Step(TimeSpan.FromSeconds(41));

        var shown = await signing.ShowAsync(prefer: "wait=30");
        Assert.Equal(("expired", ErrorCodes.EnclaveUnreachable), (shown.State, shown.Error));
    }

    [Fact]
    public async Task G09_a_gateway_that_died_in_a_round_goes_on_with_a_higher_attempt()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var signing = new TestSigning(group);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        gateway.Enclaves[0].Before = (name, _) =>
        {
            if (name != "Sign")
            {
                return Task.CompletedTask;
            }
            reached.TrySetResult();
            return gate.Task;
        };
        await signing.SignAsync(prefer: null);
        await reached.Task;
        await gateway.StopGatewayAsync();
        gate.SetResult();
        await gateway.StartGatewayAsync();

        var shown = await signing.ShowAsync(prefer: "wait=30");
        Assert.Equal(("completed", 2, 2), (shown.State, shown.Attempts, shown.Result!.Attempt));
    }

    [Fact]
    public async Task A_waiting_signing_and_its_approvals_survive_a_restart()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, members: 3, approvals: [true, true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        await signing.DecideAsync(1);
        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();

        Assert.Equal("completed", (await signing.DecideAsync(2, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson).State);
    }

    [Fact]
    public async Task A_round_blob_of_something_else_is_never_passed_on()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        gateway.Enclaves[0].Change = (name, blob) =>
        {
            if (name == "Open")
            {
                ((RoundBlob)blob).Attempt++;
            }
        };
        var signing = new TestSigning(group);

        Assert.Equal("failed", (await signing.SignAsync()).State);
        Assert.Equal(ErrorCodes.RoundBlobInvalid, (await signing.ShowAsync()).Error);
        Assert.Equal(0, gateway.Enclaves[1].Count("Sign"));
    }

    [Fact]
    public async Task A_cancelled_signing_is_stopped_and_forgotten_by_the_enclaves()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        gateway.Enclaves[1].Before = (name, request) => name == "Open" && reached.TrySetResult() ? gate.Task : Task.CompletedTask;
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        await reached.Task;

        Assert.Equal("cancelled", (await signing.CancelAsync()).Read(ProtocolJson.Default.StateJson).State);
        await Eventually.TrueAsync(() => gateway.Enclaves[0].Forgotten.Any(forget => forget.Request.Span.SequenceEqual(signing.Digest.Bytes)));
        gate.SetResult();
        await Eventually.TrueAsync(() => gateway.Parts.SigningRunner.Running == 0);
        Assert.All(gateway.Enclaves, enclave => Assert.Equal(0, enclave.Count("Sign")));
    }
}
