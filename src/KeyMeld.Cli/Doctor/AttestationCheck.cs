using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Doctor;

/// <summary>Whether the enclaves have their keys, and prove what they are to somebody who knows the releases.</summary>
internal static class AttestationCheck
{
    private const string Name = "attestation";

    public static async Task<IReadOnlyList<Diagnosis>> RunAsync(Patient patient, CancellationToken cancellationToken)
    {
        if (patient.Facts is not { } facts)
        {
            return [new(Name, Health.Skipped, "configuration first")];
        }
        if (PolicyOf(patient) is not { } policy)
        {
            return [new(Name, Health.Notable, "not looked at", "Say what to trust: --release FILE, or --insecure-development ROOT.pem on this machine.")];
        }
        var folder = Directory.CreateTempSubdirectory("keymeld-doctor-");
        try
        {
            using var profile = Profile.Create(Path.Combine(folder.FullName, "profile"));
            using var client = KeyMeldClient.Connect(patient.Gateway ?? facts.PublicUrl, policy, profile);
            var listed = await client.Enclaves.ListAsync(cancellationToken);
            patient.Announced = listed.ToDictionary(enclave => enclave.Number, enclave => enclave.Key?.ToString());
            List<Diagnosis> found = [];
            foreach (var enclave in listed)
            {
                found.Add(enclave.State == "ready" ? await VerifyAsync(client, enclave.Number, cancellationToken) : Locked(enclave));
            }
            return found;
        }
        catch (KeyMeldException exception)
        {
            return [new(Name, Health.Wrong, $"{exception.Code}: {exception.Message}", ErrorCodes.Get(exception.Code).Action)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Diagnosis> VerifyAsync(KeyMeldClient client, int number, CancellationToken cancellationToken)
    {
        try
        {
            var enclave = await client.Enclaves.VerifyAsync(number, cancellationToken);
            return new(Name, Health.Fine, $"enclave {number} proves itself: epoch {enclave.Newest.Epoch}, PCR0 {enclave.Pcrs.Pcr0[..16]}…");
        }
        catch (KeyMeldException exception)
        {
            return new(Name, Health.Wrong, $"enclave {number}: {exception.Message}", ErrorCodes.Get(exception.Code).Action);
        }
    }

    private static Diagnosis Locked(EnclaveListing enclave) => new(Name, Health.Wrong, $"enclave {enclave.Number} is {enclave.State}: {enclave.Reason} {enclave.Detail}",
        enclave.Reason is { } code && ErrorCodes.IsKnown(code) ? ErrorCodes.Get(code).Action : "Start it; `keymeld status` shows when it is there.");

    private static AttestationPolicy? PolicyOf(Patient patient) => patient.DevelopmentRoot is { } root
        ? new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(root), patient.Trusted)
        : patient.Trusted is { } releases ? new AttestationPolicy.Production(releases) : null;
}
