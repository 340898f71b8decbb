using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Stack;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Tests.DevKit.Nsm;

namespace KeyMeld.Tests.DevKit;

/// <summary>The program itself, as the supervisor runs it.</summary>
public class DevKitProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_says_ready_when_it_answers_and_stops_on_a_signal(string signal)
    {
        await using var machine = new SimulatedMachine();
        var port = FreePort.Next();
        using var process = Start(["--data", machine.Folder, "--kms-port", $"{port}", "--enclave", $"0={machine.SocketPath},{machine.BinaryFolder},{machine.ConfigurationFile}"]);
        try
        {
            Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken));
            Assert.NotEmpty(machine.Attest(null, null, null));
            await KmsAnswersOnlyTheAttestedAsync(port, machine);
            using (var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            {
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
            Assert.False(File.Exists(machine.SocketPath));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Wrong_arguments_are_all_told_and_exit_with_2()
    {
        using var process = Start(["--bogus"]);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.Equal(4, errors.TrimEnd().Split('\n').Length);
        Assert.Contains("--data is missing", errors, StringComparison.Ordinal);
        Assert.Contains("There is nothing to do", errors, StringComparison.Ordinal);
    }

    private static async Task KmsAnswersOnlyTheAttestedAsync(int port, SimulatedMachine machine)
    {
        var kms = new RawKms(new Uri($"http://127.0.0.1:{port}"), KmsCredentials.Load(machine.Folder).Admin);
        var key = (await kms.CallAsync("CreateKey", "{}")).Json.GetProperty("KeyMetadata").GetProperty("Arn").GetString();
        using var rsa = RSA.Create(2048);
        var attested = await GenerateAsync(machine.Attest(null, null, rsa.ExportSubjectPublicKeyInfo()));
        Assert.Equal(HttpStatusCode.OK, attested.Status);
        Assert.True(attested.Json.TryGetProperty("CiphertextForRecipient", out _));
        Assert.False(attested.Json.TryGetProperty("Plaintext", out _));
        Assert.Equal("ValidationException", (await GenerateAsync(Attestation.RealDocuments.Read(Attestation.RealDocuments.Base))).Code);

        Task<RawAnswer> GenerateAsync(byte[] document) => kms.CallAsync("GenerateDataKey", JsonSerializer.Serialize(new
        {
            KeyId = key,
            KeySpec = "AES_256",
            Recipient = new { KeyEncryptionAlgorithm = "RSAES_OAEP_SHA_256", AttestationDocument = document },
        }));
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "KeyMeld.DevKit"), arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
