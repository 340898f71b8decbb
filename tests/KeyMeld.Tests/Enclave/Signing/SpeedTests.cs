using System.Diagnostics;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>Measurements, run on request only (-explicit only): they depend on the machine.</summary>
public sealed class SpeedTests
{
    private const int Items = 10_000;

    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task A_batch_of_10000_on_three_enclaves_takes_less_than_half_again_as_much_as_libsecp256k1_alone()
    {
        var group = Group();
        await BatchAsync(group);
        var ratios = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            var floor = Cpu(() => Floor(group));
            var (cpu, elapsed) = await BatchAsync(group);
            ratios.Add(cpu / floor);
            TestContext.Current.SendDiagnosticMessage($"floor {floor:F0} ms CPU, batch {cpu:F0} ms CPU in {elapsed:F0} ms, ratio {cpu / floor:F2}");
        }
        ratios.Sort();
        Assert.InRange(ratios[2], 0.9, 1.5);
    }

    [Fact(Explicit = true)]
    public async Task A_single_item_costs_well_under_a_millisecond_a_call()
    {
        const int Rounds = 500;
        var group = Group();
        await new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves).RunAsync();
        double open = 0, sign = 0, combine = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves);
            var opens = driver.Nodes.Select(node => driver.OpenCall(node, bundle: false)).ToArray();
            var round1 = new Wire.V1.RoundBlob[3];
            open += await CpuAsync(async () =>
            {
                for (var node = 0; node < 3; node++)
                {
                    round1[node] = await _enclaves[node].Signing.OpenAsync(opens[node], Cancellation);
                }
            }) / 3;
            var signs = driver.Nodes.Select(node => driver.SignCall(node, round1)).ToArray();
            var round2 = new Wire.V1.RoundBlob[3];
            sign += await CpuAsync(async () =>
            {
                for (var node = 0; node < 3; node++)
                {
                    round2[node] = await _enclaves[node].Signing.SignAsync(signs[node], Cancellation);
                }
            }) / 3;
            var call = driver.CombineCall(1, round1, round2);
            combine += await CpuAsync(() => _enclaves[1].Signing.CombineAsync(call, Cancellation));
        }
        TestContext.Current.SendDiagnosticMessage($"one item, per call: open {1000 * open / Rounds:F0}, sign {1000 * sign / Rounds:F0}, combine {1000 * combine / Rounds:F0} us CPU");
        Assert.InRange((open + sign + combine) / Rounds, 0, 2);
    }

    private TestGroup Group() => new(_enclaves, [new(0), new(1), new(2)]);

    private async Task<(double Cpu, double Elapsed)> BatchAsync(TestGroup group)
    {
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(Items)), _enclaves);
        var opens = driver.Nodes.Select(node => driver.OpenCall(node)).ToArray();
        var elapsed = Stopwatch.StartNew();
        Wire.V1.RoundBlob result = null!;
        var cpu = await CpuAsync(async () =>
        {
            var round1 = await Task.WhenAll(opens.Index().Select(open => _enclaves[open.Index].Signing.OpenAsync(open.Item, Cancellation)));
            var round2 = await driver.SignAllAsync(round1);
            result = await driver.CombineAsync(0, round1, round2);
        });
        var milliseconds = elapsed.Elapsed.TotalMilliseconds;
        Assert.All(driver.Read(result), item => Assert.IsType<ItemResult.Completed>(item));
        return (cpu, milliseconds);
    }

    // What three signers on three machines cannot do without: each makes a nonce, reads two, adds three up, starts a session, signs; one verifies the result.
    private static void Floor(TestGroup group)
    {
        var keys = group.Roster.KeysOf(null, null);
        var message = new byte[32];
        for (var item = 0; item < Items; item++)
        {
            message[0] = (byte)(item & 0xff);
            var secret = new SecretNonce[3];
            var nonces = new PublicNonce[3];
            for (var i = 0; i < 3; i++)
            {
                secret[i] = SecretNonce.Generate(group.Members[i].Key, keys, message, message, out nonces[i]);
            }
            var partials = new PartialSignature[3];
            SigningSession session = null!;
            for (var i = 0; i < 3; i++)
            {
                PublicNonce.Parse(nonces[0].Bytes);
                PublicNonce.Parse(nonces[1].Bytes);
                session = SigningSession.Create(AggregateNonce.Aggregate(nonces), message, keys);
                partials[i] = session.Sign(secret[i], group.Members[i].Key);
            }
            Assert.True(keys.OutputKey.Verify(message, session.Aggregate(partials)));
        }
    }

    private static double Cpu(Action work)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        work();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds;
    }

    private static async Task<double> CpuAsync(Func<Task> work)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        await work();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMilliseconds;
    }
}
