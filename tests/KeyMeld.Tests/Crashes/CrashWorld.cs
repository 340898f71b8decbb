using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Crashes;

/// <summary>
/// A gateway with a database of its own and its enclave, as processes, with everything that passes between them, and between enclave, module and KMS, counted as
/// steps. At the planned step the planned processes get SIGKILL, and are started again.
/// </summary>
internal sealed class CrashWorld : IAsyncDisposable
{
    /// <summary>Only a guard against hanging.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const string OperatorToken = "operator-token-of-this-test";

    private static int s_worlds;

    private readonly TestMachine _machine;
    private readonly string _folder;
    private readonly NsmFront _nsm;
    private readonly StepRelay _relay;
    private readonly IDisposable _between;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(5) };
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ConcurrentQueue<string> _steps = [];
    private ChildProgram? _enclave;
    private ChildProgram? _gateway;
    private KillPlan? _plan;
    private string _answer = "";
    private int _count;
    private Task _killing = Task.CompletedTask;

    public CrashWorld(TestMachine machine)
    {
        _machine = machine;
        _folder = Path.Combine(machine.Folder, "run", $"w{Interlocked.Increment(ref s_worlds)}");
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteConfigurations(machine.KeyArn, machine.ConfigurationText);
        _nsm = NsmFront.Start(Path.Combine(_folder, "nsm.sock"), machine.Module(0).SocketPath, AskModule);
        _relay = new StepRelay(Path.Combine(_folder, "relay.sock"), Socket, StepAsync);
        _between = machine.Between(CallKmsAsync);
    }

    /// <summary>What somebody in KMS's place makes of an honest answer; null leaves it.</summary>
    public Func<KmsExchange, KmsAnswer>? Lie { get; set; }

    public string Database => Path.Combine(_folder, "keymeld.db");

    /// <summary>What passed since the last plan, for a failure's message.</summary>
    public string Steps => string.Join('\n', _steps.Select((step, index) => $"{index + 1}: {step}"));

    public int Count => Volatile.Read(ref _count);

    /// <summary>Every identity key the gateway ever showed.</summary>
    public HashSet<string> Announced { get; } = [];

    private string Socket => Path.Combine(_folder, "enclave.sock");
    private string GatewayFile => Path.Combine(_folder, "gateway.yaml");

    /// <summary>Starts what does not run, kills by the plan and starts again, and returns when the gateway shows a ready enclave.</summary>
    public async Task RunAsync(KillPlan? plan)
    {
        Arm(plan);
        await StartMissingAsync();
        await BecomeReadyAsync(plan);
    }

    /// <summary>The operator's order for a change of keys, to a gateway that is ready; whoever is killed by the plan is started again.</summary>
    /// <returns>Whether the gateway said that it is done.</returns>
    public async Task<bool> OrderAsync(string change, KillPlan? plan)
    {
        Arm(plan);
        var done = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_gateway!.ReadyLine!.Split(' ')[1]), $"/api/v1/operator/enclaves/0/{change}"));
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            request.Headers.Authorization = new("Bearer", OperatorToken);
            var sending = _http.SendAsync(request, TestContext.Current.CancellationToken);
            while (!sending.IsCompleted)
            {
                // The order waits for the enclave to take what is stored: who died over it is started again meanwhile.
                await Task.WhenAny(sending, Task.Delay(100, TestContext.Current.CancellationToken));
                await _killing;
                await StartMissingAsync();
            }
            using var answer = await sending;
            done = answer.IsSuccessStatusCode;
            _answer = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException exception)
        {
            // The gateway died over it.
            _answer = exception.Message;
        }
        await BecomeReadyAsync(plan);
        return done;
    }

    /// <summary>Gives an order again until it is carried out, as an operator does who is told to try again: the gateway may not have looked at an enclave that just came back.</summary>
    public async Task InsistAsync(string change, string when)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            if (await OrderAsync(change, null))
            {
                return;
            }
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"{when}: {change} was never carried out: {_answer}\n{_enclave?.Output}\n{_gateway?.Output}\n{Steps}");
    }

    /// <summary>A change of the KMS key in both configurations, as an update of the deployment makes it; nothing runs meanwhile.</summary>
    public async Task ChangeKmsKeyAsync(string next)
    {
        var before = _machine.KeyArn;
        WriteConfigurations(next, _machine.ConfigurationText.Replace(before, next, StringComparison.Ordinal) + $"  previous_key_ids: [\"{before}\"]\n");
        await _machine.SetPolicyAsync(before, _machine.ClosedPolicy(_machine.Measurement));
        await _machine.SetPolicyAsync(next, _machine.ClosedPolicy(_machine.Measurement));
    }

    private void Arm(KillPlan? plan)
    {
        (_count, _plan, _killing) = (0, plan, Task.CompletedTask);
        _steps.Clear();
    }

    private void WriteConfigurations(string keyArn, string enclave)
    {
        File.WriteAllText(_machine.ConfigurationOf(0), enclave);
        File.WriteAllText(GatewayFile, $$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://127.0.0.1:8090" }
            storage: { kind: sqlite, path: "{{Database}}" }
            kms: { enabled: true, endpoint_url: "{{_machine.Kms.Endpoint}}", key_id: "{{keyArn}}", enable_attestation: true }
            enclaves: [ { id: 0, address: "unix:{{Path.Combine(_folder, "relay.sock")}}" } ]
            operator: { token_sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(OperatorToken)))}}" }
            """);
    }

    private async Task BecomeReadyAsync(KillPlan? plan)
    {
        using var patience = new CancellationTokenSource(Patience);
        // Who was killed at the last step may have answered before.
        await _killing;
        await StartMissingAsync();
        while (!await IsReadyAsync())
        {
            Assert.False(patience.IsCancellationRequested, $"Not ready after {plan}: {_enclave?.Output}\n{_gateway?.Output}\n{Steps}");
            await _killing;
            await StartMissingAsync();
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        _plan = null;
        await _killing;
    }

    /// <summary>Starts the enclave anew, and the gateway where it does not run, and returns the reason the gateway shows once its enclave is locked.</summary>
    public async Task<string> LockedAsync()
    {
        // The gateway has to see it gone before it is back, or what it shows may be of before.
        await KillAsync(Victims.Enclave);
        if (_gateway is { HasExited: false })
        {
            await ShownAsync(enclave => enclave.State is "unreachable");
        }
        await StartMissingAsync();
        var shown = await ShownAsync(enclave => enclave.State is "locked" or "ready");
        return shown.Reason ?? shown.State;
    }

    public async Task KillAllAsync() => await KillAsync(Victims.Enclave | Victims.Gateway);

    public async ValueTask DisposeAsync()
    {
        _plan = null;
        await KillAllAsync();
        await Task.WhenAll(new[] { _enclave, _gateway }.OfType<ChildProgram>().Select(child => child.DisposeAsync().AsTask()));
        _between.Dispose();
        await _relay.DisposeAsync();
        await _nsm.DisposeAsync();
        _http.Dispose();
        _one.Dispose();
    }

    private async Task StartMissingAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (_enclave is null || _enclave.HasExited)
            {
                await (_enclave?.DisposeAsync() ?? default);
                _enclave = ChildProgram.Start(_machine.Program, ["--config", _machine.ConfigurationOf(0), "--listen", "unix:" + Socket, "--nsm", "unix:" + _nsm.Path], new Dictionary<string, string>());
            }
            if (_gateway is null || _gateway.HasExited)
            {
                await (_gateway?.DisposeAsync() ?? default);
                _gateway = ChildProgram.Start(Programs.Find("KeyMeld.Gateway"), ["--config", GatewayFile], new Dictionary<string, string>
                {
                    ["AWS_ACCESS_KEY_ID"] = _machine.Credentials.AccessKeyId,
                    ["AWS_SECRET_ACCESS_KEY"] = _machine.Credentials.SecretAccessKey,
                    ["AWS_SESSION_TOKEN"] = _machine.Credentials.SessionToken,
                });
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_gateway is not { HasExited: false, ReadyLine: { } line })
        {
            return false;
        }
        try
        {
            var url = new Uri(new Uri(line.Split(' ')[1]), $"/api/v1/enclaves/0/identity?nonce={new string('0', 64)}");
            using var answer = await _http.GetAsync(url, TestContext.Current.CancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                return false;
            }
            var identity = System.Text.Json.JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), ProtocolJson.Default.IdentityJson)!;
            Announced.UnionWith(IdentityDocument.Parse(identity.Identity).Keys.Select(key => $"{key.Epoch}:{Convert.ToHexStringLower(key.Key.Bytes)}"));
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<EnclaveJson> ShownAsync(Func<EnclaveJson, bool> awaited)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Assert.False(patience.IsCancellationRequested, $"What was awaited did not show: {_enclave?.Output}\n{_gateway?.Output}\n{Steps}");
            if (_gateway!.ReadyLine is { } line)
            {
                var answer = await _http.GetByteArrayAsync(new Uri(new Uri(line.Split(' ')[1]), "/api/v1/enclaves"), TestContext.Current.CancellationToken);
                var enclave = Assert.Single(System.Text.Json.JsonSerializer.Deserialize(answer, ProtocolJson.Default.EnclaveListJson)!.Enclaves);
                if (awaited(enclave))
                {
                    return enclave;
                }
            }
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private byte[] AskModule(byte[] request, Func<byte[]> ask)
    {
        StepAsync("to the module").GetAwaiter().GetResult();
        var answer = ask();
        StepAsync("from the module").GetAwaiter().GetResult();
        return answer;
    }

    // The work is done when this is asked: what dies here dies between KMS's doing and the enclave's hearing of it.
    private async Task<KmsAnswer?> CallKmsAsync(KmsExchange exchange)
    {
        await StepAsync($"KMS did {exchange.Operation}");
        return Lie?.Invoke(exchange) ?? exchange.Answer;
    }

    private async Task StepAsync(string what)
    {
        _steps.Enqueue(what);
        if (_plan is { } plan && Interlocked.Increment(ref _count) == plan.Step)
        {
            if (plan.After == TimeSpan.Zero)
            {
                await (_killing = KillAsync(plan.Victims));
            }
            else
            {
                // The step goes on meanwhile.
                _killing = Task.Run(() => KillLaterAsync(plan));
            }
        }
        else if (_plan is null)
        {
            Interlocked.Increment(ref _count);
        }
    }

    private async Task KillLaterAsync(KillPlan plan)
    {
        var from = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(from) < plan.After)
        {
            Thread.SpinWait(50);
        }
        await KillAsync(plan.Victims);
    }

    private async Task KillAsync(Victims victims)
    {
        await _one.WaitAsync();
        try
        {
            // Both signals before either death is waited for.
            ChildProgram?[] dying = [victims.HasFlag(Victims.Enclave) ? _enclave : null, victims.HasFlag(Victims.Gateway) ? _gateway : null];
            await Task.WhenAll(dying.OfType<ChildProgram>().Select(child => child.KillAsync()));
        }
        finally
        {
            _one.Release();
        }
    }
}
