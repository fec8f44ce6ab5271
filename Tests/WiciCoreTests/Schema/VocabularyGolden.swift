// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every code list of the release: its name, a digest of its version, names and attributes, and its
// codes in order. The codes were compared with their source one by one and are kept here; who changes
// a name or an attribute changes the digest, so that nothing changes unseen.

/// A line for each list: name, first 16 digits of the SHA-256, codes.
let goldenVocabulary = """
    act b02586ec706e414a AC-REC AC-TRN AC-DEL AC-TRF AC-HAR AC-RCV
    action-kind 7814c349b28a7a2b AK-CTL AK-PAT AK-DTY AK-EXR AK-CNF
    activity 0f0ed0a2c6a98aa7 AV-MTG AV-TRN AV-CMP AV-ACT AV-PUB AV-CON
    age-band 607ab4d782f1e510 AB-00 AB-07 AB-13 AB-16 AB-18 AB-26 AB-60
    answer 8c938a9f32485a8a AN-FUL AN-PAR AN-NOD AN-REF AN-NOT
    audit-purpose db050db622d817de lawfulness review security proceedings
    case-state 324f017069ed31dc CS-OPN CS-CHK CS-REF CS-SUP CS-CON CS-UNC CS-NOC CS-OUT
    certificate 38f5000f83fe9342 CF-NON CF-APP CF-ISS CF-NAP
    channel 5644f6199961daa9 CH-SCH CH-NET CH-SOC CH-MSG CH-ADV CH-MED CH-STA CH-STR CH-WRK \
    CH-OFF CH-PHN CH-DIR CH-EVT
    consent 0fbe1209e7aef3fb CO-YES CO-GRD CO-OTH
    correction-kind 80e58ccb98300986 CK-AMD CK-SUP CK-RCL
    cost 08c52353de1fddce KO-NON KO-LOW KO-MID KO-HIG
    data-level 7777e2ee8e7ec835 none personal special
    data-subject 8ecba0f54c954a11 suspect convicted victim witness other
    enrolment ceca9d09356f6295 EN-REQ EN-ACC EN-WTL EN-REJ EN-CAN EN-PRS EN-ABS EN-CER
    expectation 5bd6872e30ba4073 XP-KNW XP-CHK XP-INT
    exploitation 6df10595fef1e212 EX-PRO EX-PRN EX-SEX EX-LAB EX-BEG EX-SLV EX-DEG EX-ORG \
    EX-FMR EX-IAD EX-SUR EX-CRM EX-DOM EX-DBT EX-BEN EX-ONL EX-UNK EX-OTH
    handling 46b17de159745836 HC-NFW HC-NEV HC-SRC HC-NCT HC-CON HC-VER HC-DEL HC-TRG HC-MIN \
    HC-NAI
    indicator 0dc49b9ed74b8474 G01 G02 G03 G04 G05 G06 G07 G08 G09 G10 R01 R02 R03 R04 R05 R06 \
    R07 R08 R09 C01 C02 C03 C04 C05 C06 C07 C08 C09 C10 L01 L02 L03 L04 L05 L06 L07 L08 L09 \
    L10 S01 S02 S03 S04 S05 S06 D01 D02 D03 D04 K01 K02 K03 K04 K05 K06 K07 K08 B01 B02 B03 \
    B04 B05 O01 O02 O03 N01 N02 N03
    information-credibility a0790122f19d8dee 1 2 3 4 5 6
    information-evaluation aff9e3ae1bebcd50 1 2 3 4
    initiative-state 80fbbd9502b3bf02 IS-IDE IS-PRO IS-AGR IS-RUN IS-HLD IS-DON IS-EVA IS-CAN
    institution-kind 3a7b46930285afb3 IK-UW IK-POL IK-SG IK-PIP IK-PRO IK-SAD IK-JST IK-OPS \
    IK-PCR IK-OIK IK-ROP IK-PUP IK-EDU IK-ZDR IK-NGO IK-KCI IK-UDC IK-MIN IK-KGP IK-KSG IK-KAS \
    IK-ZUS IK-SMI IK-KON IK-INT IK-NAU
    language-level 6d354d054550226e LL-BAS LL-WRK LL-SWN
    language f603b49b9396743f pl uk ru be vi ro bg es en fr tr ar ka az hy uz tg ky kk mn ne \
    hi bn si id fil zh rom pso
    licence bf5a2b3df4530b20 LC-FRE LC-ATT LC-NCM LC-ASK
    means dbb24cfa11585516 ME-1 ME-2 ME-3 ME-4 ME-5 ME-6 ME-0
    measure 9687f089113fb37a MS-SIG MS-PER MS-WOM MS-MEN MS-MIN MS-CRT MS-SUP
    meeting-kind c62913cffab4f775 MK-ORD MK-EXT MK-WRK
    national-role 7014db2acf5e9047 NR-COO NR-SEC NR-SUP NR-INV NR-PRO NR-LAB NR-STA NR-CHI \
    NR-REG
    need 6c6a236856acf757 NE-SHW NE-SHM NE-SHF NE-EMG NE-FOD NE-MED NE-PSY NE-LEG NE-ATT \
    NE-INT NE-CUL NE-CRT NE-RES NE-RET NE-GRD NE-FOS NE-TRN NE-SEC NE-DOC NE-PAY NE-CSH NE-EDU \
    NE-RNT NE-ACC
    person-accepts e0d5e3e4324abd03 PA-WOM PA-MAN PA-FAM PA-MIN PA-DIS PA-ADD PA-PSY PA-PET \
    PA-ALL
    place-kind 213586f3db4f90a6 PK-LOD PK-FAR PK-PRO PK-BLD PK-SHP PK-GAS PK-AGY PK-FLT PK-STR \
    PK-STA PK-ROA PK-BOR PK-CAR PK-SCH PK-HOM PK-MED PK-ONL PK-OTH
    plain-evaluation dcf93e0df361062c PE-SAW PE-HRD PE-DOC PE-UNK
    practice-domain c1f95d149adb3e37 GP-IDE GP-REF GP-SHE GP-CHI GP-INT GP-JOI GP-CAM GP-TRN \
    GP-DAT GP-COO
    practice-state e0e9f5f31a216131 PS-PRO PS-REV PS-REC PS-WDR
    prevention-group 841492620844c1fd PG-STU PG-CHI PG-PAR PG-JOB PG-FOR PG-REF PG-WOM PG-HOM \
    PG-CAR PG-EMP PG-PRO PG-PUB
    profile 5c299edceab6ad15 PF-WOM PF-MAN PF-FAM PF-CHI PF-MIX
    purpose 78118a10821b3330 prevention support inspection analysis
    regime eb571864f5d8fb29 gdpr led
    region 742aad41f0186fc9 PL PL-02 PL-04 PL-06 PL-08 PL-10 PL-12 PL-14 PL-16 PL-18 PL-20 \
    PL-22 PL-24 PL-26 PL-28 PL-30 PL-32
    rsvp ba407dbc49ef7929 RS-YES RS-REM RS-TEN RS-NO RS-DEL RS-OBS
    source-evaluation bb949a55be838b2e A B C X
    source-reliability 1753cf8c604a50d6 A B C D E F
    status d4931f6dfde308ee actual exercise test
    support-state 70d72d67d708523b SR-NEW SR-ACK SR-MAT SR-RES SR-ACT SR-PAR SR-DON SR-WDR \
    SR-UNM
    theme 787f80bd102907cf PT-WRK PT-FOR PT-SCH PT-ONL PT-REF PT-BEG PT-SEX PT-HOM PT-CAR \
    PT-EMP PT-DEM PT-DAY
    tlp d53f8e11b8904ff6 TLP:RED TLP:AMBER+STRICT TLP:AMBER TLP:GREEN TLP:CLEAR
    tombstone 168ebc7c43b4dfdc withheld recalled expired erased
    training-level d3ff6358f95fbdc9 TL-BAS TL-ADV
    training-topic 57749fbe92e8dec5 TT-IDE TT-TRM TT-NEW TT-LAB TT-CHI TT-LAW TT-SUP TT-ONL \
    TT-INT TT-SEC TT-COO
    urgency 25308652f0b47964 UR-4 UR-3 UR-2 UR-1
    voivodeship 78e64eedbdf3ccc2 PL-02 PL-04 PL-06 PL-08 PL-10 PL-12 PL-14 PL-16 PL-18 PL-20 \
    PL-22 PL-24 PL-26 PL-28 PL-30 PL-32
    yes-no-unknown 03072cba33e537ce YN-YES YN-NO YN-UNK
    """
