using System.CommandLine;
using System.Globalization;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Attestation;

/// <summary><c>keymeld attest verify</c>: any attestation document, with the verifier every client uses. Nothing can be left out.</summary>
internal static class AttestVerifyCommand
{
    private static readonly Argument<string> Document = new("FILE") { Description = "The document: its bytes, or base64 of them." };
    private static readonly Option<string?> Root = new("--root") { Description = "Another root certificate (PEM) than AWS' pinned one, as the development stack's." };
    private static readonly Option<DateTimeOffset?> At = new("--at") { Description = "Verify a kept document as at this time (2024-02-26T12:00:00Z). It selects the time, nothing else." };
    private static readonly Option<string?> Nonce = new("--nonce") { Description = "The nonce it must carry (hex)." };
    private static readonly Option<string?> UserData = new("--user-data") { Description = "The user data it must carry (hex)." };
    private static readonly Option<string?> PublicKey = new("--public-key") { Description = "The public key it must carry (hex of the DER)." };
    private static readonly (int Index, Option<string?> Option)[] Registers =
        [.. new[] { 0, 1, 2, 3, 4, 8 }.Select(index => (index, new Option<string?>($"--pcr{index}") { Description = $"What PCR{index} must be (96 hex digits)." }))];

    public static Command Create()
    {
        var command = new Command("verify", "Verify an attestation document. Exit code 0 only if it is valid and everything asked for is what it says.");
        command.Arguments.Add(Document);
        foreach (var option in (Option[])[Root, At, .. Registers.Select(register => register.Option), Nonce, UserData, PublicKey])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, _) =>
        {
            // Everything the user typed is read before the document is looked at.
            var expectations = new AttestationExpectations { Nonce = Field(parsed, Nonce), UserData = Field(parsed, UserData), PublicKey = Field(parsed, PublicKey) };
            var pcrs = Registers.Select(register => (register.Index, Expected: parsed.GetValue(register.Option) is { } hex
                ? Convert.ToHexStringLower(Hexadecimal.Bytes(hex, PcrMath.Size, register.Option.Name)) : null)).Where(register => register.Expected is not null).ToList();
            var root = ReadRoot(parsed.GetValue(Root));
            var verified = Verify(root, DocumentFile.Read(parsed.GetValue(Document)!), expectations, parsed.GetValue(At));
            foreach (var (index, expected) in pcrs)
            {
                RequireRegister(verified.Pcrs, index, expected!);
            }
            Print(verified, root, pcrs.Select(register => register.Index).ToHashSet(), parsed);
            return Task.FromResult(0);
        });
    }

    private static VerifiedAttestation Verify(AttestationRoot root, byte[] document, AttestationExpectations expectations, DateTimeOffset? at)
    {
        var verifier = new AttestationVerifier(root, TimeProvider.System);
        try
        {
            return at is { } time ? verifier.VerifyArchived(document, expectations, time) : verifier.Verify(document, expectations);
        }
        catch (AttestationException exception)
        {
            throw new KeyMeldException(ErrorCodes.AttestationInvalid, $"{exception.Failure}: {exception.Message}", exception);
        }
    }

    private static void RequireRegister(Pcrs pcrs, int index, string expected)
    {
        if (!pcrs.TryGet(index, out var actual) || actual != expected)
        {
            throw new KeyMeldException(ErrorCodes.AttestationInvalid, $"Release: PCR{index} is {actual ?? "not reported"}, not {expected}.");
        }
    }

    private static void Print(VerifiedAttestation verified, AttestationRoot root, HashSet<int> compared, ParseResult parsed)
    {
        string Said(Option<string?> option) => parsed.GetValue(option) is null ? "not compared" : "as expected";
        List<IReadOnlyList<string?>> rows =
        [
            ["module", verified.ModuleId, null],
            ["made", $"{verified.Timestamp:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}", null],
            ["root", root.Fingerprint, root.Fingerprint == AttestationRoot.AwsNitroG1Fingerprint ? "AWS Nitro Enclaves root G1, pinned" : "given by --root"],
            ["verified for", $"{verified.VerifiedAt:u}", parsed.GetValue(At) is null ? "now" : "given by --at: says nothing about an enclave of today"],
        ];
        rows.AddRange(verified.Pcrs.Indexes.Where(index => index < 3 || !verified.Pcrs.IsZero(index) || compared.Contains(index))
            .Select(index => (IReadOnlyList<string?>)[$"PCR{index.ToString(CultureInfo.InvariantCulture)}", verified.Pcrs[index], compared.Contains(index) ? "as expected" : "not compared"]));
        rows.Add(["nonce", Hex(verified.Nonce), Said(Nonce)]);
        rows.Add(["user data", Hex(verified.UserData), Said(UserData)]);
        rows.Add(["public key", Hex(verified.PublicKey), Said(PublicKey)]);
        Report.Table("document", ["field", "value", "check"], rows);
        if (Report.Json)
        {
            Report.Facts(("attestation", "valid"), ("verified_at", $"{verified.VerifiedAt:u}"));
            return;
        }
        Report.Say(parsed.GetValue(At) is null
            ? "Valid now: certificates, signature, freshness; not in debug mode."
            : $"Valid at {verified.VerifiedAt:u}, the time you gave; it proves nothing about an enclave that runs now.");
    }

    private static FieldExpectation Field(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } hex
        ? FieldExpectation.EqualTo(Hexadecimal.Bytes(hex, hex.AsSpan().Trim().Length / 2, option.Name))
        : FieldExpectation.Any;

    private static AttestationRoot ReadRoot(string? path)
    {
        try
        {
            return path is null ? AttestationRoot.AwsNitroG1 : AttestationRoot.DevelopmentFromPemFile(path);
        }
        catch (Exception exception) when (exception is ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"--root {path} is no root certificate: {exception.Message}", exception);
        }
    }

    private static string? Hex(ReadOnlyMemory<byte>? value) => value is { } bytes ? Convert.ToHexStringLower(bytes.Span) : null;
}
